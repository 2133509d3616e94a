import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import type { Connection } from '../../../src/lib/db/db.ts'

/**
 * A way to the database that cuts a connection instead of passing on the server's answer to a commit, as often as `cuts` says:
 * what was committed stays, and nobody was told. Answers where to connect.
 */
export async function cuttingProxy(
  t: Pick<TestContext, 'after'>,
  to: Connection,
  state: { cuts: number },
): Promise<Connection> {
  const sockets = new Set<Socket>()
  const server = createServer((caller) => {
    const database = connect(
      to.host!.startsWith('/') ? { path: `${to.host}/.s.PGSQL.${to.port}` } : { host: to.host!, port: to.port! },
    )
    for (const socket of [caller, database]) {
      sockets.add(socket)
      socket.on('error', () => {})
    }
    caller.on('data', (bytes) => database.write(bytes))
    caller.on('close', () => database.destroy())
    database.on('close', () => caller.destroy())
    database.on('data', (bytes) => {
      if (state.cuts > 0 && bytes.includes('COMMIT\0')) {
        state.cuts--
        caller.destroy()
      } else caller.write(bytes)
    })
  })
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { ...to, host: '127.0.0.1', port: (server.address() as AddressInfo).port }
}
