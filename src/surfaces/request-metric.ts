import type { MetricObject, Registry } from 'prom-client'

const NAME = 'openhaul_request_duration_seconds'
const BUCKETS = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10]

type Cell = { buckets: number[]; sum: number; count: number; billed: number }

/** Durations by method, route and status, and how many calls were billed. */
export type RequestMetric = {
  observe(method: string, route: string, status: number, seconds: number, isBilled: boolean): void
}

/**
 * Counts requests in plain cells and prints them when asked: the library's own histogram hashes its labels at each call,
 * which cost a tenth of a look-up.
 */
export function requestMetric(registry: Registry): RequestMetric {
  const routes = new Map<string, Map<string, Map<number, Cell>>>()
  const cellOf = (method: string, route: string, status: number): Cell => {
    let methods = routes.get(route)
    if (!methods) routes.set(route, (methods = new Map()))
    let statuses = methods.get(method)
    if (!statuses) methods.set(method, (statuses = new Map()))
    let cell = statuses.get(status)
    if (!cell) statuses.set(status, (cell = { buckets: BUCKETS.map(() => 0), sum: 0, count: 0, billed: 0 }))
    return cell
  }
  const cells = () =>
    [...routes].flatMap(([route, methods]) =>
      [...methods].flatMap(([method, statuses]) =>
        [...statuses].map(([status, cell]) => ({ labels: { method, route, status: String(status) }, cell })),
      ),
    )
  const histogram = {
    name: NAME,
    help: 'Time from the first byte read to the last byte written, by route and status.',
    type: 'histogram',
    aggregator: 'sum',
    get: async () => ({ ...histogram, values: cells().flatMap(({ labels, cell }) => printCell(labels, cell)) }),
  }
  const billed = {
    name: 'openhaul_billed_calls_total',
    help: 'Calls that used up a quota, an allowance, a credit or money, by route.',
    type: 'counter',
    aggregator: 'sum',
    get: async () => ({ ...billed, values: cells().map(({ labels, cell }) => ({ labels, value: cell.billed })) }),
  }
  // The registry prints whatever has a name and a `get`; its types know its own classes alone.
  for (const metric of [histogram, billed]) registry.registerMetric(metric as unknown as MetricObject as never)

  return {
    observe(method, route, status, seconds, isBilled) {
      const cell = cellOf(method, route, status)
      cell.count++
      cell.sum += seconds
      if (isBilled) cell.billed++
      for (let at = 0; at < BUCKETS.length; at++) {
        if (seconds <= BUCKETS[at]!) {
          cell.buckets[at]!++
          return
        }
      }
    },
  }
}

/** Buckets count everything up to their bound. */
function printCell(labels: Record<string, string>, { buckets, sum, count }: Cell) {
  let upTo = 0
  const bounded = buckets.map((inBucket, at) => ({
    labels: { ...labels, le: BUCKETS[at]! },
    value: (upTo += inBucket),
    metricName: `${NAME}_bucket`,
  }))
  return [
    ...bounded,
    { labels: { ...labels, le: '+Inf' }, value: count, metricName: `${NAME}_bucket` },
    { labels, value: sum, metricName: `${NAME}_sum` },
    { labels, value: count, metricName: `${NAME}_count` },
  ]
}
