import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { createAccount, type Account } from '../src/access/accounts/accounts.ts'
import type { Mode, Style } from '../src/access/keys/format.ts'
import { createKey, type NewKey } from '../src/access/keys/keys.ts'
import { buildApp } from '../src/app.ts'
import { readConfig } from '../src/config.ts'
import { assembleCtx, openWatch, settleCtx, type Ctx } from '../src/ctx.ts'
import { systemClock } from '../src/lib/clock.ts'
import { setPlan } from '../src/money/plans/plans.ts'
import { openGuardedHttp, openHttp } from '../src/lib/http-client.ts'
import { silentLog, testDatabase } from './database.ts'

export type TestApp = { app: FastifyInstance; ctx: Ctx }

/**
 * The whole application on a real database of this test file. `env` is read as the environment would be; `parts` replaces
 * single members of ctx.
 */
export async function testApp(
  t: TestContext,
  env: Record<string, string> = {},
  parts: Partial<Ctx> = {},
): Promise<TestApp> {
  const ctx = await testCtx(t, env, parts)
  const app = await buildApp(ctx)
  t.after(() => app.close())
  await app.ready()
  return { app, ctx }
}

export async function testCtx(
  t: TestContext,
  env: Record<string, string> = {},
  parts: Partial<Ctx> = {},
): Promise<Ctx> {
  const { db, connection } = await testDatabase(t, { own: env['SOURCES'] !== undefined })
  const dataDir = await mkdtemp(join(tmpdir(), 'openhaul-test-'))
  t.after(() => rm(dataDir, { recursive: true, force: true }))
  const config = readConfig({ DATA_DIR: dataDir, PUBLIC_URL: 'http://haul.test', LOG_LEVEL: 'silent', ...env })
  const clock = parts.clock ?? systemClock
  const { watch: watched, instance } = await openWatch({ connection, clock: systemClock, log: silentLog, isNode: true })
  t.after(() => watched.stop())
  const http = openHttp()
  const guardedHttp = openGuardedHttp()
  t.after(() => Promise.all([http.close(), guardedHttp.close()]))
  const closing = new AbortController()
  const assembled = await assembleCtx({
    config,
    clock,
    db,
    connection,
    http,
    guardedHttp,
    log: silentLog,
    watch: watched,
    instance,
    closing: closing.signal,
  })
  const ctx = { ...assembled, ...parts }
  t.after(() => {
    closing.abort()
    return settleCtx(ctx)
  })
  return ctx
}

let accounts = 0

/** A new account, so that tests do not meet each other's rows. */
export async function seedAccount(ctx: Ctx): Promise<Account> {
  return createAccount(ctx, `test ${process.pid} ${++accounts}`)
}

/** Plans on which no test meets a limit. */
export async function giveRoom(ctx: Pick<Ctx, 'db'>, account: Account): Promise<void> {
  await ctx.db.transaction().execute(async (tx) => {
    await setPlan(tx, account.id, 'qc', 'custom')
    await setPlan(tx, account.id, 'sourcing', 'custom', { perMinute: null, perMonth: 1_000_000 })
    await setPlan(tx, account.id, 'item', 'custom', { perSecond: null, perDay: 1_000_000 })
  })
}

/** A new key of a new account, and the headers that carry it; with `room` on plans without limits to meet. */
export async function seedKey(
  ctx: Ctx,
  wish: { style?: Style; mode?: Mode; room?: boolean } & Pick<
    NewKey,
    'scopes' | 'allow' | 'capCalls' | 'capUsdMicros'
  > = {},
): Promise<{ id: number; key: string; account: Account; headers: Record<string, string> }> {
  const account = await seedAccount(ctx)
  const { style = 'qc', mode = 'test', room = false, ...rest } = wish
  if (room) await giveRoom(ctx, account)
  const { id, key } = await createKey(ctx, { account, style, mode, ...rest })
  const headers: Record<string, string> = style === 'cbk' ? { 'x-api-key': key } : { authorization: `Bearer ${key}` }
  return { id, key, account, headers }
}

/** Compares status and whole body of an answer. */
export function assertAnswer(answer: { statusCode: number; json(): unknown }, status: number, body: unknown): void {
  assert.deepEqual({ status: answer.statusCode, body: answer.json() }, { status, body })
}
