import { accountNames, createAccount, findAccount, listAccounts, type Account } from '../access/accounts/accounts.ts'
import type { Mode, Style } from '../access/keys/format.ts'
import { createKey, listKeys, revokeKey } from '../access/keys/keys.ts'
import { SCOPES } from '../access/keys/scopes.ts'
import { readConfig } from '../config.ts'
import { withCtx } from '../ctx.ts'
import type { Db } from '../lib/db/db.ts'
import { OperatorError } from '../lib/errors.ts'
import { print, table } from './print.ts'

type Json = { json?: boolean }

export async function accountCreate(options: Json & { name: string }): Promise<void> {
  const { id, name, twinId } = await withCtx(readConfig(), (ctx) => createAccount(ctx, options.name))
  print(options, { id, name, sandbox_id: twinId }, `Account ${id} "${name}" with sandbox ${twinId}.`)
}

/** Without the sandboxes, which are told with the account they belong to. */
export async function accountList(options: Json): Promise<void> {
  const rows = await withCtx(readConfig(), ({ db }) => listAccounts(db))
  const accounts = rows.map(({ id, name, twinId, createdAt }) => {
    return { id, name, sandbox_id: twinId, created_at: createdAt.toISOString() }
  })
  const cells = accounts.map((each) => [String(each.id), each.name, String(each.sandbox_id), each.created_at])
  print(options, accounts, table(['ID', 'NAME', 'SANDBOX', 'CREATED'], cells))
}

export type KeyOptions = Json & { account: string; style: Style; mode: Mode; scopes?: string[]; allow?: string[] }

export async function keyCreate({
  account: name,
  style,
  mode,
  scopes,
  allow,
  json = false,
}: KeyOptions): Promise<void> {
  const created = await withCtx(readConfig(), async (ctx) => {
    const account = await getAccount(ctx.db, name)
    return createKey(ctx, { account, style, mode, ...(scopes && { scopes }), ...(allow && { allow }) })
  })
  const { id, key, accountId } = created
  const value = { id, key, style, mode, account_id: accountId, scopes: created.scopes, allow: created.allow }
  print({ json }, value, `${key}\nKey ${id}. It is shown this once; keep it now.`)
}

export async function keyList(options: Json & { account?: string }): Promise<void> {
  const { rows, names } = await withCtx(readConfig(), async (ctx) => {
    const account = options.account === undefined ? null : await getAccount(ctx.db, options.account)
    return { rows: await listKeys(ctx.db, account), names: await accountNames(ctx.db) }
  })
  const keys = rows.map((row) => ({
    id: row.id,
    account: names.get(row.account_id)!,
    account_id: row.account_id,
    style: row.style,
    mode: row.mode,
    hint: row.hint,
    scopes: row.scopes,
    allow: row.allow,
    created_at: row.created_at.toISOString(),
    revoked_at: row.revoked_at?.toISOString() ?? null,
  }))
  const cells = keys.map((key) => [
    String(key.id),
    key.account,
    key.style,
    key.mode,
    `…${key.hint}`,
    key.scopes.length === SCOPES.length ? 'all' : key.scopes.join(','),
    key.allow.length === 0 ? 'anywhere' : key.allow.join(','),
    key.created_at,
    key.revoked_at === null ? 'active' : `revoked ${key.revoked_at}`,
  ])
  print(
    options,
    keys,
    table(['ID', 'ACCOUNT', 'STYLE', 'MODE', 'ENDS IN', 'SCOPES', 'ALLOW', 'CREATED', 'STATE'], cells),
  )
}

export async function keyRevoke(id: number, options: Json): Promise<void> {
  const { revokedAt } = await withCtx(readConfig(), (ctx) => revokeKey(ctx, id))
  print(options, { id, revoked_at: revokedAt.toISOString() }, `Key ${id} is revoked.`)
}

async function getAccount(db: Db, name: string): Promise<Account> {
  const account = await findAccount(db, name)
  if (!account) throw new OperatorError(`There is no account "${name}"; make it with: account create --name "${name}"`)
  return account
}
