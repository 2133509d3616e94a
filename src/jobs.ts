import { purgeIdempotency } from './access/idempotency/idempotency.ts'
import { voidCutOff } from './access/usage/cut-off.ts'
import { openUsageUpkeep } from './access/usage/retention.ts'
import type { Ctx } from './ctx.ts'
import { purgeNews } from './events/outbox/outbox.ts'
import type { TimedJob } from './lib/jobs.ts'
import { renewDue } from './money/billing/renew.ts'
import { expireHolds } from './money/ledger/holds.ts'
import { purgeSearch } from './products/search/spaces.ts'

/** All timed work: its name, when it is due in UTC, and what it does. Each may run on two nodes at once. */
export function timedJobs(ctx: Pick<Ctx, 'db' | 'clock' | 'log'>): TimedJob[] {
  const upkeep = openUsageUpkeep(ctx)
  const job = (name: string, cron: string, run: () => Promise<unknown>): TimedJob => ({
    name,
    cron,
    run: async () => void (await run()),
  })
  return [
    job('renew subscriptions', '* * * * *', () => renewDue(ctx)),
    job('expire holds', '* * * * *', () => expireHolds(ctx)),
    job('void cut-off charges', '*/5 * * * *', () => voidCutOff(ctx)),
    job('make usage partitions', '7 * * * *', () => upkeep.ensurePartitions()),
    job('drop old usage', '17 * * * *', () => upkeep.retain()),
    job('drop old news', '27 * * * *', () => purgeNews(ctx.db, ctx.clock.now())),
    job('drop old pictures of the index', '47 * * * *', () => purgeSearch(ctx)),
    job('drop old idempotency records', '37 * * * *', () => purgeIdempotency(ctx.db, ctx.clock.now())),
  ]
}
