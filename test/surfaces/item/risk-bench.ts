import type { TestContext } from 'node:test'
import type { InjectOptions } from 'fastify'
import type { Ctx } from '../../../src/ctx.ts'
import { addEntry } from '../../../src/risk/list/entries.ts'
import type { NewEntry } from '../../../src/risk/list/prepare.ts'
import { ensureKeys } from '../../../src/risk/list/generations.ts'
import { KNOWN_KEYS } from '../../risk/known-keys.ts'
import { openBench, type Bench } from '../metering/meter-bench.ts'

/** The time of the documented examples: 1713168000. */
export const ASKED_AT = '2024-04-15T08:00:00.000Z'
export const PRICE = 30_000

export async function openRisk(t: TestContext, options: Parameters<typeof openBench>[1] = {}): Promise<Bench> {
  const { env, ...rest } = options ?? {}
  const bench = await openBench(t, { start: ASKED_AT, ...rest, env: { ...KNOWN_KEYS, ...env } })
  await ensureKeys(bench.ctx)
  return bench
}

/** Lists something for an account, as the party that the account is. */
export async function list(
  ctx: Ctx,
  { owner, isSandbox = false, ...entry }: Partial<NewEntry> & Pick<NewEntry, 'type' | 'value'> & OwnerWish,
): Promise<void> {
  await addEntry(ctx, {
    owner,
    isSandbox,
    actor: 'test',
    source: { name: `list of ${owner}`, party: `account:${owner}`, confidence: 100 },
    entry: { kind: 'adverse', reasonCode: 'chargeback', ...entry },
  })
}
type OwnerWish = { owner: number; isSandbox?: boolean }

const FORM = 'application/x-www-form-urlencoded'

/** A check as the documented example sends it. */
export function checkOf(fields: Record<string, string>, headers: Record<string, string> = {}): InjectOptions {
  const payload = new URLSearchParams(fields).toString()
  return { method: 'POST', url: '/api/v1/blacklist/check', payload, headers: { ...headers, 'content-type': FORM } }
}

export function batchOf(items: readonly object[], headers: Record<string, string> = {}): InjectOptions {
  return { method: 'POST', url: '/api/v1/blacklist/check/batch', payload: { items }, headers }
}

/** The `result` of what nobody lists. */
export function cleanResult(checkId: string): object {
  return {
    blacklisted: false,
    riskScore: 0,
    category: 'none',
    matchType: null,
    firstSeen: null,
    reason: null,
    details: [],
    reasons: [],
    flags: [],
    ruleVersion: 1,
    checkId,
    decaysAt: null,
  }
}
