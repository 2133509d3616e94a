import type { Clock } from '../../lib/clock.ts'
import type { Db } from '../../lib/db/db.ts'
import { DomainError } from '../../lib/errors.ts'
import type { Log } from '../../lib/log.ts'
import type { Lease } from './lease-table.ts'
import { potsReturn } from './pots.sql.ts'

/** Units on their way back to the database. */
export type Returns = {
  /** Has all units of a lease returned by the next `send`. */
  add(accountId: number, name: string, lease: Lease): void
  /** Never rejects: what could not be returned now stays for the next time, or is logged as lost. */
  send(): Promise<void>
  /** Sends until all are returned, for at most two seconds. */
  close(): Promise<void>
}

type Return = { account: number; name: string; bucket: number; units: number }

const TOGETHER_MAX = 100
const CLOSE = { tries: 40, everyMs: 50 }

export function openReturns({ db, clock, log }: { db: Db; clock: Clock; log: Log }): Returns {
  let waiting: Return[] = []
  let isFailing = false

  async function send(): Promise<void> {
    const sending = waiting
    waiting = []
    while (sending.length > 0) {
      const batch = sending.splice(0, TOGETHER_MAX)
      try {
        const done = new Set(await potsReturn(db, batch))
        waiting.push(...batch.filter(({ account }) => !done.has(account)))
        isFailing = false
      } catch (error) {
        fail(batch, error)
      }
    }
  }

  function fail(batch: readonly Return[], error: unknown): void {
    if (!changedNothing(error)) {
      log.error({ err: error, lost: batch }, 'leased units may be lost: their return was sent and not answered')
      return
    }
    waiting.push(...batch)
    // Once, though it is tried again and again.
    if (!isFailing) log.warn({ err: error }, 'leased units could not be returned; they are kept until they can be')
    isFailing = true
  }

  return {
    add(account, name, { bucket, units }) {
      if (units > 0) waiting.push({ account, name, bucket, units })
    },
    send,
    async close() {
      for (let tries = 0; waiting.length > 0 && tries < CLOSE.tries; tries++) {
        if (tries > 0) await clock.sleep(CLOSE.everyMs)
        await send()
      }
      if (waiting.length > 0) log.error({ lost: waiting }, 'leased units were not returned and are lost')
    },
  }
}

/** No connection was to be had, or the server refused the statement. Else it may have been done, and the answer lost. */
function changedNothing(error: unknown): boolean {
  if (error instanceof DomainError) return true
  const { code } = error as { code?: unknown }
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !/^(?:08|57)/.test(code)
}
