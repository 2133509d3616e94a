import assert from 'node:assert/strict'
import { storable } from './batch.ts'
import type { RunRow } from './charges.sql.ts'

/** What calls of one key to one operation have in common; the same object for as long as nothing of it changes. */
export type Run = {
  account: number
  key: number
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

/** Calls as `calls_settle` takes them: consecutive ones of the same run together, in the order of their arrival. */
export function printRuns(batch: readonly Asked[]): string {
  const runs: string[] = []
  for (let at = 0; at < batch.length; ) {
    const { run } = batch[at]!
    const calls: string[] = []
    let idempotent = false
    for (; at < batch.length && batch[at]!.run === run; at++) {
      const { call } = batch[at]!
      calls.push(printCall(call))
      idempotent ||= call.record !== null
    }
    runs.push(`${JSON.stringify({ ...run, idempotent }).slice(0, -1)},"calls":[${calls.join(',')}]}`)
  }
  return `[${runs.join(',')}]`
}

/** By hand, as this is done for every priced call, and printing it as an object takes three times as long. */
function printCall({ name, at, tid, ready, status, bytes, us, record }: Call): string {
  const tidText = tid === null ? 'null' : JSON.stringify(storableTid(tid))
  return `{"name":${JSON.stringify(name)},"at":"${timeText(at)}","tid":${tidText},"ready":${ready},"status":${status},"bytes":${bytes},"us":${us},"record":${record}}`
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

/** A caller's own text: neither NUL nor half a character is taken by the database's JSON. */
function storableTid(tid: string): string {
  return storable(tid).toWellFormed()
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
