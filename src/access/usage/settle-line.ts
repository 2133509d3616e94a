import type { Socket } from 'node:net'
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
const LOOK_MS = 500
const BYE_MS = 500
const NAME = 'openhaul settle'

type Session = { client: pg.Client; number: number }
/** One use of a line. `isOver`: whoever asked counts on nothing more being sent. */
type Asked = { untilMs: number; giveUp(reason: Error): void; isOver: boolean; abandon: (() => void) | null }

/** `lost`: the sessions that the lines of one settler have lost and that may still be at work on the server. */
export function openLine({ connection, clock }: { connection: Connection; clock: Clock }, lost: Set<number>): Line {
  let session: Session | null = null
  let current: Asked | null = null
  const watch = openWatchdog(clock, () => current)

  const forget = (client: pg.Client) => {
    if (session?.client === client) drop()
  }

  function drop(): void {
    if (!session) return
    lost.add(session.number)
    // Not awaited: a server that hangs may never say goodbye.
    session.client.end().catch(() => {})
    session = null
  }

  async function ready(asked: Asked): Promise<pg.Client> {
    const opened = (session ??= await connect(connection, asked, forget))
    lost.delete(opened.number)
    if (lost.size > 0) {
      const ended = [...lost]
      if (!(await sessionsEnd(opened.client, ended, NAME))) throw new Error('a lost session is still at work')
      requireAsked(asked)
      for (const each of ended) lost.delete(each)
    }
    return opened.client
  }

  return {
    async use(work) {
      let isSent = false
      const { promise: givenUp, reject: giveUp } = Promise.withResolvers<never>()
      const asked: Asked = { untilMs: clock.elapsedMs() + SILENCE_MS, giveUp, isOver: false, abandon: null }
      current = asked
      watch.start()
      const answer = ready(asked).then((client) => {
        isSent = true
        return work(client)
      })
      try {
        return await Promise.race([answer, givenUp])
      } catch (error) {
        if (isSent && isRefusal(error)) throw error
        drop()
        throw new LineLost(isSent, error)
      } finally {
        asked.isOver = true
        asked.abandon?.()
        current = null
      }
    },
    cut: () => current?.giveUp(new Error('the settler closes')),
    async close() {
      const last = session
      session = null
      watch.stop()
      if (last) await hangUp(last.client, clock)
    },
  }
}

/** Gives up on a server that says nothing, looking now and then: a timer for each statement would cost more than the rest of it. */
function openWatchdog(clock: Clock, current: () => Asked | null) {
  let sleeping: AbortController | null = null

  async function look(signal: AbortSignal): Promise<void> {
    while (current() && !signal.aborted) {
      await clock.sleep(LOOK_MS, signal).catch(() => {})
      const asked = current()
      if (asked && clock.elapsedMs() >= asked.untilMs) asked.giveUp(new Error('the database does not answer'))
    }
    sleeping = null
  }

  return {
    start(): void {
      if (sleeping) return
      sleeping = new AbortController()
      void look(sleeping.signal)
    },
    stop: () => sleeping?.abort(),
  }
}

function requireAsked({ isOver }: Asked): void {
  if (isOver) throw new Error('nobody waits for this any more')
}

async function connect(connection: Connection, asked: Asked, onLost: (client: pg.Client) => void): Promise<Session> {
  const client = await openDedicated(connection, { name: NAME, onLost: () => onLost(client) })
  const abandon = () => void client.end().catch(() => {})
  try {
    requireAsked(asked)
    asked.abandon = abandon
    const number = await sessionNumber(client)
    requireAsked(asked)
    return { client, number }
  } catch (error) {
    abandon()
    throw error
  } finally {
    asked.abandon = null
  }
}

/** Says goodbye, and cuts the connection when the server says nothing to that. */
async function hangUp(client: pg.Client, clock: Clock): Promise<void> {
  const over = new AbortController()
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection
  const late = clock.sleep(BYE_MS, over.signal).then(
    () => stream.destroy(),
    () => {},
  )
  await Promise.race([client.end().catch(() => {}), late])
  over.abort()
}

/** The server refused the statement and undid it; anything else leaves open whether it was committed. */
function isRefusal(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code !== undefined && !/^(?:57P|08)/.test(error.code)
}
