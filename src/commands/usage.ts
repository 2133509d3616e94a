import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { getAccount, listAccounts } from '../access/accounts/accounts.ts'
import {
  exportUsage,
  listCutOff,
  searchUsage,
  usageByDay,
  type UsageDay,
  type UsageEvent,
  type UsageFilter,
} from '../access/usage/events.ts'
import { readConfig } from '../config.ts'
import { withCtx, type Ctx } from '../ctx.ts'
import { monthBucket } from '../lib/buckets.ts'
import { OperatorError } from '../lib/errors.ts'
import { usd } from '../lib/money.ts'
import { oneLine, print, table } from './print.ts'

export type UsageOptions = {
  json?: boolean
  /** By name or id; only `--cut-off` does without. */
  account?: string
  sandbox?: boolean
  /** UTC days, today's included. */
  days: number
  log?: boolean
  export?: boolean
  cutOff?: boolean
  tid?: string
  request?: string
  status?: number
  key?: number
  product?: string
  before?: string
  limit?: number
}

const DAY_MS = 86_400_000
const LOG_LINES = 50

/** Daily sums of an account, its request log, an export of it, or the calls that were cut off. */
export async function usage(options: UsageOptions): Promise<void> {
  const modes = [options.log, options.export, options.cutOff].filter(Boolean)
  if (modes.length > 1) throw new OperatorError('Give one of --log, --export and --cut-off.')
  const { tid, request, status, key, product, before } = options
  const hasFilter = [tid, request, status, key, product].some((each) => each !== undefined)
  if (hasFilter && !options.log && !options.export) {
    throw new OperatorError(
      '--tid, --request, --status, --key and --product choose from --log or --export; give one of those too.',
    )
  }
  if (before !== undefined && !options.log) throw new OperatorError('--before turns the pages of --log; give that too.')
  if (options.limit !== undefined && !options.log && !options.cutOff) {
    throw new OperatorError('--limit is for --log and --cut-off; give one of those too.')
  }
  await withCtx(readConfig(), (ctx, interrupted) => {
    if (options.log) return printLog(ctx, options)
    if (options.export) return printExport(ctx, options, interrupted)
    return options.cutOff ? printCutOff(ctx, options) : printDays(ctx, options)
  })
}

type Whose = { id: number; words: string }

async function findWhose(ctx: Ctx, { account: name, sandbox }: UsageOptions): Promise<Whose> {
  if (name === undefined) throw new OperatorError('Say whose usage: --account NAME, or its number.')
  const account = await getAccount(ctx.db, name)
  const words = `account ${account.id} "${account.name}"`
  return sandbox ? { id: account.twinId, words: `the sandbox of ${words}` } : { id: account.id, words }
}

/** Whole UTC days: today and those before it. */
function period(ctx: Ctx, days: number): { from: Date; to: Date } {
  const now = ctx.clock.now()
  const midnight = Math.floor(now.getTime() / DAY_MS) * DAY_MS
  return { from: new Date(midnight - (days - 1) * DAY_MS), to: new Date(midnight + DAY_MS) }
}

async function printDays(ctx: Ctx, options: UsageOptions): Promise<void> {
  const whose = await findWhose(ctx, options)
  const now = ctx.clock.now()
  const { from } = period(ctx, options.days)
  const monthStart = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1))
  const rows = await usageByDay(ctx.db, [whose.id], from, now)
  const month = sumByProduct(await usageByDay(ctx.db, [whose.id], monthStart, now))

  const [first, last] = [from, now].map((at) => at.toISOString().slice(0, 10)) as [string, string]
  const value = {
    account_id: whose.id,
    from: first,
    to: last,
    days: rows.map((row) => ({ day: row.day, product: row.product, operation: row.operation, ...sums(row) })),
    month: { bucket: monthBucket(now), products: month.map((row) => ({ product: row.product, ...sums(row) })) },
  }
  const days = table(
    ['DAY', 'PRODUCT', 'OPERATION', ...SUM_HEADS],
    rows.map((row) => [row.day, row.product, row.operation, ...sumCells(row)]),
  )
  const months = table(
    ['PRODUCT', ...SUM_HEADS],
    month.map((row) => [row.product, ...sumCells(row)]),
  )
  const nothing = `No calls of ${whose.words} from ${first} to ${last}, UTC.`
  const words = `Calls of ${whose.words} from ${first} to ${last}, UTC.\n\n${days}\n\nThis month, ${last.slice(0, 7)}:\n\n${months}`
  print(options, value, rows.length + month.length === 0 ? nothing : words)
}

type Sums = Pick<UsageDay, 'calls' | 'billed' | 'errors' | 'bytes' | 'costUsdMicros' | 'durationUs'>

function sumByProduct(rows: UsageDay[]): (Sums & { product: string })[] {
  const byProduct = new Map<string, Sums & { product: string }>()
  for (const { product, ...row } of rows) {
    const sum = byProduct.get(product)
    if (!sum) byProduct.set(product, { product, ...row })
    else
      for (const name of ['calls', 'billed', 'errors', 'bytes', 'costUsdMicros', 'durationUs'] as const)
        sum[name] += row[name]
  }
  return [...byProduct.values()].sort((a, b) => (a.product < b.product ? -1 : 1))
}

function sums({ calls, billed, errors, bytes, costUsdMicros, durationUs }: Sums) {
  return { calls, billed, errors, bytes, cost_usd: usd(costUsdMicros), duration_ms_mean: meanMs(durationUs, calls) }
}

const SUM_HEADS = ['CALLS', 'BILLED', 'ERRORS', 'KB', 'COST USD', 'MEAN MS']

function sumCells(row: Sums): string[] {
  const counts = [row.calls, row.billed, row.errors, Math.ceil(row.bytes / 1000)].map(String)
  return [...counts, usd(row.costUsdMicros), String(meanMs(row.durationUs, row.calls))]
}

function meanMs(durationUs: number, calls: number): number {
  return calls === 0 ? 0 : Math.round(durationUs / calls / 10) / 100
}

function filterOf(ctx: Ctx, options: UsageOptions, whose: Whose): UsageFilter {
  const { tid, request: requestId, status, key: keyId, product } = options
  return { accountIds: [whose.id], ...period(ctx, options.days), tid, requestId, status, keyId, product }
}

async function printLog(ctx: Ctx, options: UsageOptions): Promise<void> {
  const whose = await findWhose(ctx, options)
  const { before, limit = LOG_LINES } = options
  const { events, next } = await searchUsage(ctx.db, { ...filterOf(ctx, options, whose), before, limit })
  const more = next === null ? '' : `\n\nOlder ones: --before ${next}`
  const words =
    events.length === 0 ? `No such calls of ${whose.words} in ${options.days} days.` : `${logTable(events)}${more}`
  print(options, { events: events.map(toJson), next }, words)
}

async function printExport(ctx: Ctx, options: UsageOptions, interrupted: AbortSignal): Promise<void> {
  const whose = await findWhose(ctx, options)
  const events = exportUsage(ctx.db, filterOf(ctx, options, whose))
  const lines = Readable.from(inLines(events))
  await pipeline(lines, process.stdout, { end: false, signal: interrupted }).catch((error: NodeJS.ErrnoException) => {
    // Whoever reads may stop at any line.
    if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw interrupted.reason ?? error
  })
}

async function* inLines(events: AsyncIterable<UsageEvent>): AsyncGenerator<string> {
  for await (const event of events) yield `${JSON.stringify(toJson(event))}\n`
}

async function printCutOff(ctx: Ctx, options: UsageOptions): Promise<void> {
  const whose = options.account === undefined ? null : await findWhose(ctx, options)
  const { limit = 1_000, days } = options
  const wish = { accountIds: whose && [whose.id], ...period(ctx, days), limit }
  const events = await listCutOff(ctx.db, wish)
  const names = whose ? null : await accountWords(ctx)
  const words = events.length === 0 ? `No calls were cut off in ${days} days.` : logTable(events, names)
  print(options, { events: events.map(toJson) }, words)
}

/** How accounts and sandboxes are called in a list of everybody's calls. */
async function accountWords({ db }: Ctx): Promise<Map<number, string>> {
  const accounts = await listAccounts(db)
  return new Map(
    accounts.flatMap(({ id, name, twinId }) => [
      [id, `${id} ${oneLine(name)}`],
      [twinId, `${twinId} ${oneLine(name)}, sandbox`],
    ]),
  )
}

function toJson(event: UsageEvent) {
  return {
    at: event.at.toISOString(),
    request_id: event.requestId,
    account_id: event.accountId,
    key_id: event.keyId,
    product: event.product,
    operation: event.operation,
    status: event.status,
    paid_by: event.pot,
    cost_usd: usd(event.costUsdMicros),
    ledger_transfer_id: event.transferId,
    balance_after_usd: event.balanceAfterUsdMicros === null ? null : usd(event.balanceAfterUsdMicros),
    bytes: event.bytes,
    duration_ms: event.durationUs === null ? null : event.durationUs / 1000,
    tid: event.tid,
  }
}

/** With `accounts`, a column that says whose call it was. */
function logTable(events: UsageEvent[], accounts: Map<number, string> | null = null): string {
  const heads = [
    'AT',
    ...(accounts ? ['ACCOUNT'] : []),
    'STATUS',
    'PRODUCT',
    'OPERATION',
    'KEY',
    'PAID BY',
    'COST USD',
    'LEDGER',
    'BALANCE AFTER',
    'MS',
    'TID',
    'REQUEST',
  ]
  const cells = events.map((event) => [
    event.at.toISOString(),
    ...(accounts ? [accounts.get(event.accountId) ?? String(event.accountId)] : []),
    event.status === null ? 'cut off' : String(event.status),
    event.product,
    event.operation,
    String(event.keyId),
    event.pot ?? 'nothing',
    event.costUsdMicros === 0 ? '-' : usd(event.costUsdMicros),
    event.transferId === null ? '-' : String(event.transferId),
    event.balanceAfterUsdMicros === null ? '-' : usd(event.balanceAfterUsdMicros),
    event.durationUs === null ? '-' : String(Math.round(event.durationUs / 10) / 100),
    event.tid === null ? '-' : oneLine(event.tid),
    event.requestId,
  ])
  return table(heads, cells)
}
