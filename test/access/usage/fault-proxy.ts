import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import type { Connection } from '../../../src/lib/db/db.ts'

/**
 * What becomes of a statement. `before`: the connection is cut and the statement not passed on. `during`: it is passed on and
 * the caller's side is cut by `cut`, while the server goes on with it. `after`: it is carried out, and the connection cut
 * instead of passing on the answer. `hang`: it is carried out, and nothing passes on this connection any more.
 */
export type Fault = 'before' | 'during' | 'after' | 'hang'

export type FaultProxy = {
  connection: Connection
  /** The next statement of this name meets this fault, once; `away` first means that nobody gets through from then on. */
  next(statement: string, fault: Fault, away?: boolean): void
  /** Cuts the caller's side of the connection whose statement met `during`. */
  cut(): void
  /** Refuses connections, or takes them again. */
  setAway(away: boolean): void
  /** From now on nothing passes on any connection, and none is closed. */
  hang(): void
  /** How often a planned fault has happened. */
  readonly happened: number
}

/** Stands between a settler and its database. */
export async function faultProxy(t: Pick<TestContext, 'after'>, to: Connection): Promise<FaultProxy> {
  const sockets = new Set<Socket>()
  let planned: { statement: string; fault: Fault; away: boolean } | null = null
  let isAway = false
  let isHung = false
  let happened = 0
  let cut = () => {}

  // Half open: a server that hangs does not answer a goodbye either.
  const server = createServer({ allowHalfOpen: true }, (caller) => {
    if (isAway) {
      caller.destroy()
      return
    }
    const path = `${to.host}/.s.PGSQL.${to.port}`
    const database = to.host!.startsWith('/') ? connect(path) : connect(to.port!, to.host)
    let fault: Fault | null = null
    for (const socket of [caller, database]) {
      sockets.add(socket)
      socket.on('error', () => {})
    }
    caller.on('data', (bytes) => {
      if (planned && bytes.includes(planned.statement)) {
        fault = planned.fault
        isAway = planned.away
        planned = null
        happened++
        if (fault === 'before') caller.destroy()
        if (fault === 'during') cut = () => void caller.destroy()
      }
      if (!isHung && fault !== 'before') database.write(bytes)
    })
    database.on('data', (bytes) => {
      if (fault === 'after') {
        // The whole of it, which the server sends after its commit, ends by saying that it is ready.
        if (bytes.subarray(-6, -1).toString('latin1') === 'Z\0\0\0\x05') caller.destroy()
      } else if (fault === null && !isHung) caller.write(bytes)
    })
    caller.on('end', () => void (isHung || caller.destroy()))
    caller.on('close', () => void (fault === 'during' || database.destroy()))
    database.on('close', () => void (isHung || caller.destroy()))
  })
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    connection: { ...to, host: '127.0.0.1', port: (server.address() as AddressInfo).port },
    next(statement, fault, away = false) {
      planned = { statement, fault, away }
    },
    cut: () => cut(),
    setAway(away) {
      isAway = away
    },
    hang() {
      isHung = true
    },
    get happened() {
      return happened
    },
  }
}
