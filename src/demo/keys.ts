import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createAccount, findAccount, HIGHEST_PLANS } from '../access/accounts/accounts.ts'
import { STYLES, type Style } from '../access/keys/format.ts'
import { findPrincipal } from '../access/keys/keyring.ts'
import { createKey } from '../access/keys/keys.ts'
import type { Ctx } from '../ctx.ts'

const ACCOUNT = 'demo'

/** A test-mode key of each style. */
export type DemoKeys = Record<Style, string>

/**
 * The demo account's keys, kept in `DATA_DIR/demo-keys.json` so that printed examples work on every start. What is missing
 * there, or no longer valid, is made anew.
 */
export async function openDemoKeys(ctx: Ctx): Promise<DemoKeys> {
  const path = join(ctx.config.dataDir, 'demo-keys.json')
  const kept = await readKept(path)
  const account = (await findAccount(ctx.db, ACCOUNT)) ?? (await createAccount(ctx, ACCOUNT, HIGHEST_PLANS))

  const keys: Partial<DemoKeys> = {}
  let isNew = false
  for (const style of STYLES) {
    const works = await worksFor(ctx, kept[style], account.twinId)
    keys[style] = works ? kept[style]! : (await createKey(ctx, { account, style, mode: 'test' })).key
    isNew ||= !works
  }
  if (isNew) {
    await writeFile(`${path}.part`, `${JSON.stringify(keys, null, 2)}\n`, { mode: 0o600 })
    await rename(`${path}.part`, path)
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
  const principal = await findPrincipal(ctx, key).catch(() => null)
  return principal?.accountId === accountId
}
