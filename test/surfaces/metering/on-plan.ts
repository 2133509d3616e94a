import type { TestContext } from 'node:test'
import type { Product } from '../../../src/money/plans/catalogue.ts'
import { CALLS, openBench, seedCaller, type Metered } from './meter-bench.ts'

export const GB = 1_000_000_000
/** The end of the month of `START`. */
export const MONTH_ENDS = '2026-12-01T00:00:00.000Z'

/** What a call of item is told when neither an allowance nor the balance pays for it. */
export const tooLow = {
  status: 402,
  body: { error: 'insufficient_balance', message: 'Balance too low; top up to continue.' },
}

/** A caller on a plan of a product, and what it may ask. */
export async function onPlan(t: TestContext, product: Product, plan: string, overrides = {}, start?: string) {
  const bench = await openBench(t, start === undefined ? {} : { start })
  const caller = await seedCaller(bench.ctx, { [product]: [plan, overrides] })
  const { app } = bench
  const ask = (product: Metered) => app.inject({ ...CALLS[product], headers: caller.headers })
  const usage = async () => (await app.inject({ url: '/api/v1/usage', headers: caller.headers })).json()
  return { ...bench, bench, caller, ask, usage }
}

/** A counter as `/usage` prints it. */
export function counter(limit: number | null, used: number, seconds: number, resetAt: string, bucket?: number) {
  const remaining = limit === null ? null : limit - used
  const rest = { reset_in_seconds: seconds, reset_at: resetAt, ...(bucket !== undefined && { bucket }) }
  return { limit, used, remaining, ...rest }
}
