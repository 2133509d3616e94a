import { open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createAccount, findAccount } from '../access/accounts/accounts.ts'
import { STYLES, type Style } from '../access/keys/format.ts'
import { findPrincipal } from '../access/keys/keyring.ts'
import { createKey } from '../access/keys/keys.ts'
import type { Ctx } from '../ctx.ts'
import { ensureDataDir } from '../lib/db/data-dir.ts'
import { openDedicated } from '../lib/db/db.ts'
import { OperatorError } from '../lib/errors.ts'
import { randomText } from '../lib/ids.ts'
import { HIGHEST_PLANS } from '../money/plans/catalogue.ts'
import { demoKeysLock } from './keys.sql.ts'
import { openDemoShop } from './shop.ts'

const ACCOUNT = 'demo'

/** A test-mode key of each style. */
export type DemoKeys = Record<Style, string>

/** How long to wait for another server that opens them. */
const OTHERS_WAIT_MS = 30_000

/**
 * The demo account's keys, kept in `DATA_DIR/demo-keys.json` so that printed examples work on every start, with something to
 * spend in its wallet. What is missing there, or no longer valid, is made anew. Throws an `OperatorError` when DATA_DIR cannot be written to.
 */
export async function openDemoKeys(ctx: Ctx): Promise<DemoKeys> {
  const dataDir = await ensureDataDir(ctx.config.dataDir)
  const limits = { statement_timeout: OTHERS_WAIT_MS, lock_timeout: OTHERS_WAIT_MS }
  const client = await openDedicated(ctx.connection, { name: 'openhaul demo', limits })
  try {
    await demoKeysLock(client)
    return await openKeys(ctx, join(dataDir, 'demo-keys.json'))
  } finally {
    await client.end().catch(() => {})
  }
}

async function openKeys(ctx: Ctx, path: string): Promise<DemoKeys> {
  const kept = await readKept(path)
  const account =
    (await findAccount(ctx.db, ACCOUNT)) ?? (await createAccount(ctx, ACCOUNT, { plans: HIGHEST_PLANS, actor: 'demo' }))
  await openDemoShop(ctx, account)
  const keys: Partial<DemoKeys> = {}
  for (const style of STYLES) if (await worksFor(ctx, kept[style], account.twinId)) keys[style] = kept[style]!
  const missing = STYLES.filter((style) => keys[style] === undefined)
  if (missing.length === 0) return keys as DemoKeys

  // Opened before the keys are made: their clear text must not be lost.
  const beside = `${path}.${process.pid}-${randomText(ctx.random, 8)}.part`
  const file = await open(beside, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    throw new OperatorError(`The demo keys cannot be kept in DATA_DIR (${error.code}): give a folder to write to.`)
  })
  try {
    for (const style of missing) keys[style] = (await createKey(ctx, { account, style, mode: 'test' })).key
    await file.writeFile(`${JSON.stringify(keys, null, 2)}\n`)
    await rename(beside, path)
  } catch (error) {
    await rm(beside, { force: true })
    throw error
  } finally {
    await file.close()
  }
  return keys as DemoKeys
}

async function readKept(path: string): Promise<Partial<DemoKeys>> {
  try {
    const kept: unknown = JSON.parse(await readFile(path, 'utf8'))
    return typeof kept === 'object' && kept !== null ? kept : {}
  } catch {
    return {} // not there yet, or damaged: new keys replace it
  }
}

async function worksFor(ctx: Ctx, key: unknown, accountId: number): Promise<boolean> {
  if (typeof key !== 'string') return false
  try {
    return (await findPrincipal(ctx, key)).accountId === accountId
  } catch {
    return false
  }
}
