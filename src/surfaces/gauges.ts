import { Counter, Gauge, type Registry } from 'prom-client'
import type { Ctx } from '../ctx.ts'
import { listBreakers } from '../products/sources/state.ts'

const BREAKER_VALUES = { closed: 0, half_open: 0.5, open: 1 } as const

/** What is read when the metrics are asked for, and costs nothing before. */
export function gauges(registry: Registry, ctx: Ctx): void {
  const { settler, usage, limits, watch } = ctx
  const single: [name: string, help: string, read: () => number][] = [
    ['openhaul_settled_batches_total', 'Group commits of priced calls.', () => settler.stats.batches],
    ['openhaul_settled_calls_total', 'Priced calls that were settled.', () => settler.stats.calls],
    [
      'openhaul_settle_wait_seconds_total',
      'How long priced calls waited for their group commit to begin, together.',
      () => settler.stats.waitMsTotal / 1000,
    ],
    ['openhaul_usage_pending', 'Usage records that are not written yet.', () => usage.pending],
    ['openhaul_usage_dropped_total', 'Usage records given up as the database was away too long.', () => usage.dropped],
    [
      'openhaul_limits_fallback',
      '1 while Valkey is away and this node counts alone.',
      () => Number(limits.isFallback()),
    ],
    ['openhaul_nodes', 'Serving processes on this database.', () => watch.value.instances.length],
    [
      'openhaul_watch_age_seconds',
      'How old this node’s view of changed keys and plans is.',
      () => watch.ageMs() / 1000,
    ],
  ]
  for (const [name, help, read] of single) {
    if (!name.endsWith('_total')) {
      const gauge: Gauge = new Gauge({ name, help, registers: [registry], collect: () => gauge.set(read()) })
      continue
    }
    const collect = () => {
      counter.reset()
      counter.inc(read())
    }
    const counter: Counter = new Counter({ name, help, registers: [registry], collect })
  }
  const breaker: Gauge<'source'> = new Gauge({
    name: 'openhaul_source_breaker_open',
    help: 'How a source of product data stands: 0 asked, 0.5 on trial, 1 left alone after failures.',
    labelNames: ['source'],
    registers: [registry],
    collect() {
      for (const { source, state } of listBreakers(ctx)) breaker.set({ source }, BREAKER_VALUES[state])
    },
  })
}
