import assert from 'node:assert/strict'
import { accountById } from '../../access/accounts/accounts.sql.ts'
import type { Ctx } from '../../ctx.ts'
import type { Db, Seal } from '../../lib/db/db.ts'
import { DEFAULT_LANGUAGE } from '../../products/translation/languages.ts'
import { customerById, customerLock, customerUpdate, type CustomerRow } from './profile.sql.ts'

/** What a customer says of himself, with the id and the age of the account. */
export type Profile = CustomerRow & { id: number; createdAt: Date }

/** The profile of an account; until it is first changed, its username comes from the account's name. */
export async function getProfile({ db }: Pick<Ctx, 'db'>, accountId: number): Promise<Profile> {
  const first = await firstProfile(db, accountId)
  return { ...first, ...(await customerById(db, accountId)) }
}

/** Changes what `patch` names and gives the whole profile. */
export async function updateProfile(
  { db }: Pick<Ctx, 'db'>,
  accountId: number,
  patch: Partial<CustomerRow>,
  seal?: Seal<Profile>,
): Promise<Profile> {
  return db.transaction().execute(async (tx) => {
    const first = await firstProfile(tx, accountId)
    const { username, email, avatar, language } = { ...(await customerLock(tx, accountId, first)), ...patch }
    const row = { username, email, avatar, language }
    await customerUpdate(tx, accountId, row)
    const profile = { ...first, ...row }
    await seal?.(tx, profile)
    return profile
  })
}

async function firstProfile(db: Db, accountId: number): Promise<Profile> {
  const account = await accountById(db, accountId)
  assert(account, `there is no account ${accountId}`)
  return {
    id: accountId,
    username: usernameOf(account.name),
    email: null,
    avatar: null,
    language: DEFAULT_LANGUAGE,
    createdAt: account.created_at,
  }
}

/** As many characters as a username may have. */
const USERNAME_START = /^.{1,60}/u

function usernameOf(accountName: string): string {
  const username = accountName.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '_')
  return username.match(USERNAME_START)![0]
}
