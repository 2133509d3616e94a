import { purgeIdempotency } from './access/idempotency/idempotency.ts'
import { voidCutOff } from './access/usage/cut-off.ts'
import { openUsageUpkeep } from './access/usage/retention.ts'
import type { Ctx } from './ctx.ts'
import { purgeNews } from './events/outbox/outbox.ts'
import { runDueTimers } from './events/timers/timers.ts'
import type { TimedJob } from './lib/jobs.ts'
import { renewDue } from './money/billing/renew.ts'
import { expireHolds } from './money/ledger/holds.ts'
import { purgeSearch } from './products/search/spaces.ts'
import { purgeDisputes } from './risk/disputes/disputes.ts'
import { purgeEntries } from './risk/list/entries.ts'
import { rewrapMarks } from './risk/list/generations.ts'
import { sweepFavorites } from './shopping/customers/favorites.ts'
import { purgeIdentifiers } from './shopping/customers/identifiers.ts'
import { ORDER_TIMERS } from './shopping/orders/moves.ts'
import { purgeQuotes } from './shopping/orders/quotes.ts'

/** What is done when a timer of each kind is due. */
export const TIMERS = { ...ORDER_TIMERS }

/** All timed work: its name, when it is due in UTC, and what it does. Each may run on two nodes at once. */
export function timedJobs(ctx: Pick<Ctx, 'db' | 'clock' | 'log' | 'config' | 'closing' | 'riskKeys'>): TimedJob[] {
  const upkeep = openUsageUpkeep(ctx)
  const job = (name: string, cron: string, run: () => Promise<unknown>): TimedJob => ({
    name,
    cron,
    run: async () => void (await run()),
  })
  return [
    job('renew subscriptions', '* * * * *', () => renewDue(ctx)),
    job('expire holds', '* * * * *', () => expireHolds(ctx)),
    job('run due timers', '* * * * *', async () => {
      // What fails rests, so that this ends.
      while ((await runDueTimers(ctx, TIMERS)) > 0);
    }),
    job('void cut-off charges', '*/5 * * * *', () => voidCutOff(ctx)),
    job('make usage partitions', '7 * * * *', () => upkeep.ensurePartitions()),
    job('drop old usage', '17 * * * *', () => upkeep.retain()),
    job('drop old news', '27 * * * *', () => purgeNews(ctx.db, ctx.clock.now())),
    job('drop old pictures of the index', '47 * * * *', () => purgeSearch(ctx)),
    job('tell of dropped prices', '57 * * * *', () => sweepFavorites(ctx)),
    job('drop old quotes', '53 * * * *', () => purgeQuotes(ctx)),
    job('wrap the risk list by its newest key', '*/5 * * * *', () => rewrapMarks(ctx)),
    job('drop what has ended of the risk list', '13 * * * *', () => purgeEntries(ctx)),
    job('drop what was kept of old orders', '23 * * * *', () => purgeIdentifiers(ctx)),
    job('drop old codes and statements of disputes', '43 * * * *', () => purgeDisputes(ctx)),
    job('drop old idempotency records', '37 * * * *', () => purgeIdempotency(ctx.db, ctx.clock.now())),
  ]
}
