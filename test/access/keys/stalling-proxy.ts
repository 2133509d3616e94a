import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Connection } from '../../../src/lib/db/db.ts'

/** Stands between a client and its database; from `stall` on nothing passes, and no connection is closed. */
export async function stallingProxy(
  t: Pick<TestContext, 'after'>,
  connection: Connection,
): Promise<{ connection: Connection; stall(): void }> {
  const sockets = new Set<Socket>()
  let isStalled = false
  const server = createServer((client) => {
    const socketPath = join(connection.host!, `.s.PGSQL.${connection.port}`)
    const upstream = connection.host!.startsWith('/') ? connect(socketPath) : connect(connection.port!, connection.host)
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from)
      from.on('error', () => {})
      from.on('data', (bytes) => void (isStalled || to.write(bytes)))
      from.on('close', () => void (isStalled || to.destroy()))
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return {
    connection: { ...connection, host: '127.0.0.1', port },
    stall: () => {
      isStalled = true
    },
  }
}
