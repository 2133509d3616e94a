import { erasePerson, exportPerson } from '../shopping/customers/person.ts'
import { onAccount, type ForAccount } from './account.ts'
import { cliActor } from './actor.ts'
import { print } from './print.ts'

/** Everything that is kept of the person behind an account and its sandbox, as JSON in either case. */
export async function customerExport(options: ForAccount): Promise<void> {
  const kept = await onAccount(options, async (ctx, { id, twinId }) => ({
    live: await exportPerson(ctx, id),
    sandbox: await exportPerson(ctx, twinId),
  }))
  print(options, kept, JSON.stringify(kept, null, 2))
}

/** Deletes everything that is kept of the person behind an account and its sandbox; both and their orders stay. */
export async function customerErase(options: ForAccount & { reason: string }): Promise<void> {
  const { id, name } = await onAccount(options, async (ctx, account) => {
    for (const accountId of [account.id, account.twinId]) {
      await erasePerson(ctx, { accountId, actor: cliActor(), reason: options.reason })
    }
    return account
  })
  const what = `Profile, addresses, favourites, login and what orders keep of account ${id} "${name}" and its sandbox are gone; its orders stay.`
  print(options, { account_id: id, erased: true }, what)
}
