import { accountNames, getAccount } from '../access/accounts/accounts.ts'
import type { Mode, Style } from '../access/keys/format.ts'
import {
  createKey,
  disableKey,
  enableKey,
  GRACE_SECONDS,
  listKeys,
  revokeKey,
  rollKey,
  setKey,
} from '../access/keys/keys.ts'
import type { KeyRow } from '../access/keys/keys.sql.ts'
import { keyState } from '../access/keys/life.ts'
import { SCOPES } from '../access/keys/scopes.ts'
import { readConfig } from '../config.ts'
import { withCtx } from '../ctx.ts'
import { OperatorError } from '../lib/errors.ts'
import { usd } from '../lib/money.ts'
import { cliActor } from './actor.ts'
import { print, table } from './print.ts'
import type { Moment } from './times.ts'

type Json = { json?: boolean }

export type KeyOptions = Json & {
  account: string
  style: Style
  mode: Mode
  scopes?: string[]
  allow?: string[]
  label?: string
  expires?: Moment
  capCalls?: number | null
  capUsd?: number | null
}

export async function keyCreate(options: KeyOptions): Promise<void> {
  const { style, mode, scopes, allow, label, expires, capCalls, capUsd } = options
  const created = await withCtx(readConfig(), async (ctx) =>
    createKey(ctx, {
      account: await getAccount(ctx.db, options.account),
      style,
      mode,
      ...(scopes && { scopes }),
      ...(allow && { allow }),
      label: label ?? null,
      createdBy: cliActor(),
      expiresAt: expires?.(ctx.clock.now()) ?? null,
      capCalls: capCalls ?? null,
      capUsdMicros: capUsd ?? null,
    }),
  )
  const value = {
    id: created.id,
    key: created.key,
    style,
    mode,
    account_id: created.accountId,
    scopes: created.scopes,
    allow: created.allow,
    label: created.label,
    expires_at: created.expiresAt?.toISOString() ?? null,
  }
  print(options, value, `${created.key}\nKey ${created.id}. It is shown this once; keep it now.`)
}

export async function keyList(options: Json & { account?: string }): Promise<void> {
  const { rows, names, now } = await withCtx(readConfig(), async (ctx) => {
    const account = options.account === undefined ? null : await getAccount(ctx.db, options.account)
    return { rows: await listKeys(ctx.db, account), names: await accountNames(ctx.db), now: ctx.clock.now() }
  })
  const keys = rows.map((row) => ({ account: names.get(row.account_id)!, ...toJson(row, now) }))
  const cells = keys.map((key) => [
    String(key.id),
    key.account,
    key.style,
    key.mode,
    `…${key.hint}`,
    key.scopes.length === SCOPES.length ? 'all' : key.scopes.join(','),
    key.allow.length === 0 ? 'anywhere' : key.allow.join(','),
    key.label ?? '-',
    [key.cap_calls !== null && `${key.cap_calls} calls`, key.cap_usd !== null && `${key.cap_usd} USD`]
      .filter(Boolean)
      .join(', ') || 'none',
    key.created_at,
    key.last_used_at === null ? 'never' : `${key.last_used_at} ${key.last_used_from ?? ''}`.trim(),
    key.expires_at ?? 'never',
    key.rolled_to === null ? key.state : `${key.state}, rolled to ${key.rolled_to}`,
  ])
  const head = ['ID', 'ACCOUNT', 'STYLE', 'MODE', 'ENDS IN', 'SCOPES', 'ALLOW', 'LABEL', 'CAPS', 'CREATED', 'LAST USED']
  print(options, keys, table([...head, 'EXPIRES', 'STATE'], cells))
}

function toJson(row: KeyRow, now: Date) {
  return {
    id: row.id,
    account_id: row.account_id,
    label: row.label,
    style: row.style,
    mode: row.mode,
    hint: row.hint,
    scopes: row.scopes,
    allow: row.allow,
    cap_calls: row.cap_calls,
    cap_usd: row.cap_usd_micros === null ? null : usd(row.cap_usd_micros),
    created_at: row.created_at.toISOString(),
    created_by: row.created_by,
    last_used_at: row.last_used_at?.toISOString() ?? null,
    last_used_from: row.last_used_from,
    expires_at: row.expires_at?.toISOString() ?? null,
    disabled_at: row.disabled_at?.toISOString() ?? null,
    revoked_at: row.revoked_at?.toISOString() ?? null,
    rolled_to: row.rolled_to,
    state: keyState(row, now),
  }
}

export async function keyRoll(id: number, options: Json & { grace?: number }): Promise<void> {
  const { grace: graceSeconds = GRACE_SECONDS } = options
  const made = await withCtx(readConfig(), (ctx) => rollKey(ctx, id, { graceSeconds, actor: cliActor() }))
  const endsAt = made.endsAt.toISOString()
  const value = { id: made.id, key: made.key, rolled_from: id, old_key_ends_at: endsAt }
  const old = graceSeconds === 0 ? `Key ${id} is revoked.` : `Key ${id} works until ${endsAt}.`
  print(options, value, `${made.key}\nKey ${made.id}. It is shown this once; keep it now. ${old}`)
}

export async function keyDisable(id: number, options: Json): Promise<void> {
  const { disabledAt } = await withCtx(readConfig(), (ctx) => disableKey(ctx, id, { actor: cliActor() }))
  const words = `Key ${id} is disabled; \`key enable ${id}\` switches it on again.`
  print(options, { id, disabled_at: disabledAt.toISOString() }, words)
}

export async function keyEnable(id: number, options: Json): Promise<void> {
  await withCtx(readConfig(), (ctx) => enableKey(ctx, id, { actor: cliActor() }))
  print(options, { id, disabled_at: null }, `Key ${id} is enabled.`)
}

export async function keyRevoke(id: number, options: Json): Promise<void> {
  const { revokedAt } = await withCtx(readConfig(), (ctx) => revokeKey(ctx, id, { actor: cliActor() }))
  print(options, { id, revoked_at: revokedAt.toISOString() }, `Key ${id} is revoked.`)
}

export async function keySet(
  id: number,
  options: Json & { label?: string; allow?: string[]; expires?: Moment },
): Promise<void> {
  const { label, allow, expires } = options
  if (label === undefined && allow === undefined && expires === undefined) {
    throw new OperatorError('Nothing is named to set; give --label, --allow or --expires.')
  }
  const row = await withCtx(readConfig(), (ctx) => {
    const wish = {
      ...(label !== undefined && { label: label === '' ? null : label }),
      ...(allow !== undefined && { allow: allow.length === 1 && allow[0] === 'all' ? [] : allow }),
      ...(expires !== undefined && { expiresAt: expires(ctx.clock.now()) }),
    }
    return setKey(ctx, id, wish, { actor: cliActor() })
  })
  const value = { id, label: row.label, allow: row.allow, expires_at: row.expires_at?.toISOString() ?? null }
  print(options, value, `Key ${id} is set.`)
}
