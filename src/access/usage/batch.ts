import { storableText } from '../../lib/text.ts'
import type { Product } from '../../money/plans/catalogue.ts'

/** A call that nothing was paid for, as the hot path records it. */
export type UsageRecord = {
  atMs: number
  requestId: string
  accountId: number
  keyId: number
  product: Product
  operation: string
  status: number
  /** The unpriced pot that it drew on, or null. */
  pot: string | null
  bytes: number
  durationUs: number
  /** The caller's own reference: any text. */
  tid: string | null
  address: string
}

/** What a key did to one operation on one UTC day. */
export type DaySum = {
  accountId: number
  keyId: number
  product: Product
  operation: string
  /** Days since 1970-01-01. */
  dayNumber: number
  calls: number
  billed: number
  errors: number
  bytes: number
  durationUs: number
}

export type KeyUse = { keyId: number; at: Date; address: string }

const DAY_MS = 86_400_000

/** The columns of `printRecords`, in its order. */
export const COLUMNS =
  'at, request_id, account_id, key_id, product, operation, status, pot, bytes, duration_us, tid' as const

/** The end of a printed time, by its milliseconds. */
const MILLISECONDS = Array.from({ length: 1_000 }, (_each, ms) => `${String(ms).padStart(3, '0')}Z`)

/** Records in the text format of COPY, one text for all. Of their texts only `tid` is not of our making. */
export function printRecords(records: readonly UsageRecord[]): string {
  const lines: string[] = []
  let second = Number.NaN
  let secondText = ''
  for (const record of records) {
    const { atMs, requestId, accountId, keyId, product, operation, status, pot, bytes, durationUs, tid } = record
    // Printing a time is dear, and neighbours share their second.
    const itsSecond = Math.floor(atMs / 1000)
    if (itsSecond !== second) {
      second = itsSecond
      secondText = new Date(itsSecond * 1000).toISOString().slice(0, 20)
    }
    const at = secondText + MILLISECONDS[Math.floor(atMs) - itsSecond * 1000]!
    const potText = pot ?? '\\N'
    const tidText = tid === null ? '\\N' : escape(storableText(tid))
    const us = Math.round(durationUs)
    // A join: a text that is put together piece by piece costs half as much again.
    lines.push([at, requestId, accountId, keyId, product, operation, status, potText, bytes, us, tidText].join('\t'))
  }
  return `${lines.join('\n')}\n`
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }

function escape(text: string): string {
  return /[\\\n\r\t]/.test(text) ? text.replace(/[\\\n\r\t]/g, (each) => ESCAPES[each]!) : text
}

/** The sums of records by key, operation and UTC day. */
export function sumDays(records: readonly UsageRecord[]): DaySum[] {
  const byKey = new Map<number, DaySum[]>()
  const sums: DaySum[] = []
  for (const record of records) {
    const { accountId, keyId, product, operation, status } = record
    const dayNumber = Math.floor(record.atMs / DAY_MS)
    let ofKey = byKey.get(keyId)
    if (!ofKey) byKey.set(keyId, (ofKey = []))
    // A key does few things within a batch, so looking through them is less work than to join a text to look up.
    let sum = ofKey.find(
      (each) =>
        each.operation === operation &&
        each.dayNumber === dayNumber &&
        each.product === product &&
        each.accountId === accountId,
    )
    if (!sum) {
      sum = { accountId, keyId, product, operation, dayNumber, calls: 0, billed: 0, errors: 0, bytes: 0, durationUs: 0 }
      ofKey.push(sum)
      sums.push(sum)
    }
    sum.calls++
    if (record.pot !== null) sum.billed++
    if (status >= 400) sum.errors++
    sum.bytes += record.bytes
    sum.durationUs += Math.round(record.durationUs)
  }
  return sums
}

/** When and from where each key was used last; `uses` is added to. */
export function lastUses(
  records: readonly UsageRecord[],
  uses: Map<number, { atMs: number; address: string }>,
): KeyUse[] {
  for (const { keyId, atMs, address } of records) noteUse(uses, keyId, atMs, address)
  return [...uses].map(([keyId, { atMs, address }]) => ({ keyId, at: new Date(atMs), address }))
}

export function noteUse(
  uses: Map<number, { atMs: number; address: string }>,
  keyId: number,
  atMs: number,
  address: string,
): void {
  const known = uses.get(keyId)
  if (!known) uses.set(keyId, { atMs, address })
  else if (atMs >= known.atMs) {
    known.atMs = atMs
    known.address = address
  }
}
