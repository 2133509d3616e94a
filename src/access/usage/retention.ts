import type { Clock } from '../../lib/clock.ts'
import { monthBucket } from '../../lib/buckets.ts'
import type { Db } from '../../lib/db/db.ts'
import type { Log } from '../../lib/log.ts'
import { LOG_MS } from './events.ts'
import {
  usageDefaultDelete,
  usageDefaultFirst,
  usagePartitionDrop,
  usagePartitionEnsure,
  usagePartitionList,
  usageTidBlank,
} from './usage.sql.ts'

/** Full months for which the detail of calls is kept, beside the one that runs. */
const DETAIL_MONTHS = 13
/** Months ahead that have their partition, so that a job that fails for weeks harms nobody. */
const MONTHS_AHEAD = 2
const BLANKED_AT_ONCE = 5_000

export type UsageUpkeep = {
  /** Makes the partitions of this UTC month and the next two, and warns once when events had nowhere to go. */
  ensurePartitions(): Promise<void>
  /** Blanks callers' references after 30 days and drops events after 13 months; answers how many, and which months. */
  retain(): Promise<{ blanked: number; droppedMonths: number[] }>
}

/** What has to be done to the tables of usage now and then; may run on several nodes at once. */
export function openUsageUpkeep({ db, clock, log }: { db: Db; clock: Clock; log: Log }): UsageUpkeep {
  let isWarned = false

  return {
    async ensurePartitions() {
      const now = clock.now()
      const first = isWarned ? null : await usageDefaultFirst(db)
      if (first) {
        isWarned = true
        const at = first.toISOString()
        log.error(
          { at },
          `there are usage events outside the months made for them, the first of ${at}; is a clock wrong?`,
        )
      }
      for (let ahead = 0; ahead <= MONTHS_AHEAD; ahead++) await usagePartitionEnsure(db, monthText(now, ahead))
    },

    async retain() {
      const now = clock.now()
      const before = new Date(now.getTime() - LOG_MS)
      let blanked = 0
      for (let count = BLANKED_AT_ONCE; count === BLANKED_AT_ONCE; blanked += count) {
        count = await usageTidBlank(db, before, BLANKED_AT_ONCE)
      }
      const oldest = monthStart(now, -DETAIL_MONTHS)
      const droppedMonths = (await usagePartitionList(db)).filter((month) => month < monthBucket(oldest))
      for (const month of droppedMonths) await usagePartitionDrop(db, month)
      await usageDefaultDelete(db, oldest)
      return { blanked, droppedMonths }
    },
  }
}

function monthStart(now: Date, offset: number): Date {
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + offset, 1))
}

function monthText(now: Date, offset: number): string {
  return monthStart(now, offset).toISOString().slice(0, 10)
}
