import { listNewest } from '../events/outbox/outbox.ts'
import { onAccount, type ForAccount } from './account.ts'
import { print, table } from './print.ts'

/** What there was to tell of the account and of its sandbox, newest first, as it stands in the outbox. */
export async function accountNews(options: ForAccount & { limit: number }): Promise<void> {
  const { account, rows } = await onAccount(options, async ({ db }, account) => {
    const rows = await listNewest(db, { accountIds: [account.id, account.twinId], limit: options.limit })
    return { account, rows }
  })
  const news = rows.map(({ id, at, accountId, event, body }) => {
    return { id, at: at.toISOString(), account_id: accountId, event, body }
  })
  const cells = news.map(({ at, account_id: id, event, body }) => {
    return [at, id === account.twinId ? 'sandbox' : 'live', event, JSON.stringify(body)]
  })
  const nothing = `There is no news of account ${account.id} "${account.name}" and its sandbox in the last 30 days.`
  print(options, news, news.length === 0 ? nothing : table(['AT', 'OF', 'EVENT', 'WHAT'], cells))
}
