import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { Ctx } from '../../src/ctx.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { check, type By, type Checked } from '../../src/risk/check/check.ts'
import { HOUSE, putEntries, STAFF, type Owner, type Source } from '../../src/risk/list/entries.ts'
import type { NewEntry } from '../../src/risk/list/prepare.ts'
import { ensureKeys } from '../../src/risk/list/generations.ts'
import type { IdentifierType } from '../../src/risk/normalise/normalised.ts'
import { testCtx } from '../app.ts'
import { KNOWN_KEYS } from './known-keys.ts'

export const NOW = '2026-11-21T17:00:00.000Z'
export const DAY_MS = 86_400_000
export const THE_HOUSE: By = { owner: HOUSE, isSandbox: false }
export const account = (owner: number): By => ({ owner, isSandbox: false })
export const ownSource = (owner: number): Source => ({
  name: `own ${owner}`,
  party: `account:${owner}`,
  confidence: 100,
})

/** A list with keys, and a clock that the test moves. */
export async function openList(t: TestContext, env: Record<string, string> = KNOWN_KEYS) {
  let atMs = Date.parse(NOW)
  const clock = { ...systemClock, now: () => new Date(atMs) }
  const ctx = await testCtx(t, env, { clock })
  await ensureKeys(ctx)
  return { ctx, passDays: (days: number) => void (atMs += days * DAY_MS) }
}

type Wish = Partial<Omit<NewEntry, 'type' | 'value'> & Owner> & { source?: Source }

/** Lists an identifier as a chargeback, by staff on the house's list or by an account on its own; answers the entry's id. */
export async function put(ctx: Ctx, type: IdentifierType, value: string, wish: Wish = {}): Promise<number> {
  const { owner = HOUSE, isSandbox = false, source = owner === HOUSE ? STAFF : ownSource(owner), ...rest } = wish
  const entry: NewEntry = { kind: 'adverse', type, value, reasonCode: 'chargeback', ...rest }
  const { added, refreshed } = await ctx.db
    .transaction()
    .execute((tx) => putEntries(ctx, tx, { owner, isSandbox, source, entries: [entry] }))
  return [...added, ...refreshed][0]!
}

export async function ask(ctx: Ctx, by: By, type: IdentifierType, value: string): Promise<Checked> {
  const checked = await check(ctx, by, { type, value, region: null })
  assert.equal(checked.kind, 'checked')
  return checked
}

export async function scoreFor(ctx: Ctx, by: By, type: IdentifierType, value: string): Promise<number> {
  return (await ask(ctx, by, type, value)).score
}
