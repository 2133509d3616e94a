import assert from 'node:assert/strict'
import { storableText } from '../../lib/text.ts'
import type { RunRow } from './charges.sql.ts'

/** What calls of one key to one operation have in common; the same object for as long as nothing of it changes. */
export type Run = {
  account: number
  key: number
  /** Whose counters the caps of the key are on. */
  capKey: number
  sandbox: boolean
  product: string
  operation: string
  pot: string | null
  bucket: number | null
  potLimit: number | null
  /** USD micros of a call that the pot does not pay; null: such a call is denied. */
  price: number | null
  month: number
  /** Caps of the key, in calls and USD micros a month; null: none. */
  keyCalls: number | null
  keySpend: number | null
  bytesIncluded: number | null
  gbPrice: number | null
}

export type Call = {
  /** The request's id. */
  name: string
  at: Date
  tid: string | null
  /** The answer is at hand and will be sent: booked whole, with its usage event. Else a charge waits for `finish`. */
  ready: boolean
  status: number
  bytes: number
  us: number
  /** The idempotency record that this pays for, or null. */
  record: number | null
}

export type Denial = NonNullable<RunRow['denied']>
export type Settled =
  | { paid: true; pot: string; costUsdMicros: number; balanceAfterUsdMicros: number }
  | { paid: false; denied: Denial; balanceAfterUsdMicros: number }

type Asked = { run: Run; call: Call }

/** A batch as `calls_settle` takes it: the runs as JSON, and what differs from call to call as arrays in PostgreSQL's own text. */
export type PrintedBatch = { runs: string; columns: string[] }

/** Consecutive calls of the same run together, in the order of their arrival. By hand, as this is done for every priced call. */
export function printBatch(batch: readonly Asked[]): PrintedBatch {
  const runs: string[] = []
  for (let at = 0; at < batch.length;) {
    const { run } = batch[at]!
    const from = at
    let idempotent = false
    for (; at < batch.length && batch[at]!.run === run; at++) idempotent ||= batch[at]!.call.record !== null
    runs.push(JSON.stringify({ ...run, n: at - from, idempotent }))
  }
  const column = (print: (call: Call) => string | number) => `{${batch.map(({ call }) => print(call)).join(',')}}`
  return {
    runs: `[${runs.join(',')}]`,
    columns: [
      column(({ name }) => quote(name)),
      column(({ at }) => timeText(at)),
      column(({ tid }) => (tid === null ? 'NULL' : quote(storableText(tid)))),
      column(({ ready }) => (ready ? 't' : 'f')),
      column(({ status }) => status),
      column(({ bytes }) => bytes),
      column(({ us }) => us),
      column(({ record }) => record ?? 'NULL'),
    ],
  }
}

/** An element of an array in PostgreSQL's text. */
function quote(text: string): string {
  return `"${/["\\]/.test(text) ? text.replaceAll(/["\\]/g, '\\$&') : text}"`
}

let lastMs = Number.NaN
let lastText = ''

/** Calls of one batch mostly share their millisecond, and printing a time is dear. */
function timeText(at: Date): string {
  if (at.getTime() !== lastMs) {
    lastMs = at.getTime()
    lastText = at.toISOString()
  }
  return lastText
}

/** Hands the decisions on runs out to their calls: the first ones from the pot, then from the balance, the rest denied. */
export function settledOf(batch: readonly Asked[], rows: readonly RunRow[]): Settled[] {
  let at = -1
  let within = 0
  let last: Run | null = null
  return batch.map(({ run }) => {
    if (run !== last) {
      at++
      within = 0
      last = run
    }
    const row = rows[at]
    assert(row, 'every run is answered')
    return settledAt(run, row, within++)
  })
}

function settledAt(run: Run, row: RunRow, position: number): Settled {
  const price = run.price ?? 0
  const { from_pot: fromPot, from_balance: fromBalance, balance_after: after } = row
  if (position < fromPot) {
    return { paid: true, pot: run.pot!, costUsdMicros: 0, balanceAfterUsdMicros: after + fromBalance * price }
  }
  const paidLater = fromPot + fromBalance - 1 - position
  if (paidLater >= 0) {
    return { paid: true, pot: 'balance', costUsdMicros: price, balanceAfterUsdMicros: after + paidLater * price }
  }
  return { paid: false, denied: row.denied!, balanceAfterUsdMicros: after }
}
