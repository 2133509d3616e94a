import { erasePerson, exportPerson } from '../shopping/customers/person.ts'
import { onAccount, type ForAccount } from './account.ts'
import { cliActor } from './actor.ts'
import { print } from './print.ts'

type Options = ForAccount & { sandbox?: boolean }

/** Everything that is kept of the person behind an account, as JSON in either case. */
export async function customerExport(options: Options): Promise<void> {
  const kept = await onAccount(options, (ctx, { id, twinId }) => exportPerson(ctx, options.sandbox ? twinId : id))
  print(options, kept, JSON.stringify(kept, null, 2))
}

/** Deletes everything that is kept of the person behind an account; the account and its orders stay. */
export async function customerErase(options: Options & { reason: string }): Promise<void> {
  const { accountId, name } = await onAccount(options, async (ctx, account) => {
    const accountId = options.sandbox ? account.twinId : account.id
    await erasePerson(ctx, { accountId, actor: cliActor(), reason: options.reason })
    return { accountId, name: account.name }
  })
  const what = `Nothing is kept of the person behind account ${accountId} "${name}"; its orders stay.`
  print(options, { account_id: accountId, erased: true }, what)
}
