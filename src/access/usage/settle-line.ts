import pg from 'pg'
import type { Clock } from '../../lib/clock.ts'
import { openDedicated, type Connection } from '../../lib/db/db.ts'
import { sessionNumber, sessionsEnd } from './charges.sql.ts'

/** A connection of its own for settling, made anew after it was lost. One user at a time. */
export type Line = {
  /**
   * Rejects with what the server refused and undid, or with `LineLost`. Before anything is asked, sessions that were lost
   * are gone: what they did is done, and nothing comes after it.
   */
  use<T>(work: (client: pg.Client) => Promise<T>): Promise<T>
  /** Loses the connection at once, whatever is under way. */
  cut(): void
  close(): Promise<void>
}

export class LineLost extends Error {
  /** Whether something may have been carried out. */
  readonly isSent: boolean

  constructor(isSent: boolean, cause: unknown) {
    super('the settling connection was lost', { cause })
    this.isSent = isSent
  }
}

/** Longer than any statement may take: whoever says nothing for so long is given up. */
const SILENCE_MS = 6_000
const NAME = 'openhaul settle'

type Session = { client: pg.Client; number: number }

/** `lost`: the sessions that the lines of one settler have lost and that may still be at work on the server. */
export function openLine({ connection, clock }: { connection: Connection; clock: Clock }, lost: Set<number>): Line {
  let session: Session | null = null
  let patience = new AbortController()

  async function connect(): Promise<Session> {
    const client = await openDedicated(connection, {
      name: NAME,
      onLost: () => {
        if (session?.client === client) drop()
      },
    })
    try {
      const number = await sessionNumber(client)
      lost.delete(number)
      return { client, number }
    } catch (error) {
      client.end().catch(() => {})
      throw error
    }
  }

  function drop(): void {
    if (!session) return
    lost.add(session.number)
    // Not awaited: a server that hangs may never say goodbye.
    session.client.end().catch(() => {})
    session = null
  }

  async function ready(signal: AbortSignal): Promise<pg.Client> {
    const { client } = (session ??= await connect())
    if (lost.size > 0) {
      const ended = [...lost]
      if (!(await sessionsEnd(client, ended, NAME))) throw new Error('a lost session is still at work')
      for (const each of ended) lost.delete(each)
    }
    // Whoever asked has given up and counts on nothing being sent.
    if (signal.aborted) drop()
    signal.throwIfAborted()
    return client
  }

  return {
    async use(work) {
      let isSent = false
      const { signal } = (patience = new AbortController())
      const silence = clock.sleep(SILENCE_MS, signal).then(() => {
        throw new Error('the database does not answer')
      })
      const answer = ready(signal).then((client) => {
        isSent = true
        return work(client)
      })
      try {
        return await Promise.race([answer, silence])
      } catch (error) {
        if (isSent && isRefusal(error)) throw error
        drop()
        throw new LineLost(isSent, error)
      } finally {
        patience.abort()
      }
    },
    cut: () => patience.abort(new Error('the settler closes')),
    close: async () => session?.client.end().catch(() => {}),
  }
}

/** The server refused the statement and undid it; anything else leaves open whether it was committed. */
function isRefusal(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code !== undefined && !/^(?:57P|08)/.test(error.code)
}
