import { fenFromYuan } from '../../lib/money.ts'

/*
 * Readers for fields whose type is not settled: the same field comes as "580", 580, "", false, null or []. Each reader
 * takes anything and returns the value or null; none throws, so that one bad field never costs the whole item.
 */

const TEXT_MAX = 20_000
const LIST_MAX = 5_000

/** The fields of an object; no fields for anything else, so that a chain of look-ups needs no checks. */
export function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}

/** The objects in a list. PHP prints a list with a gap as an object of its indices: that is a list too. */
export function rows(value: unknown): Readonly<Record<string, unknown>>[] {
  return list(value)
    .filter((each) => typeof each === 'object' && each !== null && !Array.isArray(each))
    .map(record)
}

/** The elements of a list, at most 5,000. */
export function list(value: unknown): unknown[] {
  if (Array.isArray(value)) return value.slice(0, LIST_MAX)
  const fields = record(value)
  return Object.keys(fields).every((key) => /^\d+$/.test(key)) ? Object.values(fields).slice(0, LIST_MAX) : []
}

/** Trimmed text of at most 20,000 characters; null when empty. A number counts as its digits. */
export function text(value: unknown): string | null {
  if (typeof value !== 'string' && typeof value !== 'number') return null
  // PostgreSQL cannot store NUL, and half a surrogate pair is not text.
  const clean = String(value).replaceAll('\0', '').toWellFormed().trim()
  return clean === '' ? null : clean.slice(0, TEXT_MAX).toWellFormed()
}

/** An id as digits, 1 to 20 of them; null for "0", for signs and for anything else. */
export function digits(value: unknown): string | null {
  const id = text(value)
  return id !== null && /^[1-9]\d{0,19}$/.test(id) ? id : null
}

/** A whole number: 12, "12", "1,234", "200+", "1.2万". Negative ones pass, so that a caller can see them for absurd. */
export function whole(value: unknown): number | null {
  const match = /^(-?\d{1,15}(?:\.\d{1,4})?)\s*(万)?\+?$/.exec((text(value) ?? '').replaceAll(',', ''))
  if (!match) return null
  const number = Math.trunc(Number(match[1]) * (match[2] ? 10_000 : 1))
  return Number.isSafeInteger(number) ? number : null
}

/** As `whole`, for amounts where nothing and less count as not told. */
export function positive(value: unknown): number | null {
  const number = whole(value)
  return number !== null && number > 0 ? number : null
}

/** A decimal above zero: weights and lengths. */
export function decimal(value: unknown): number | null {
  const match = /^\d{1,9}(?:\.\d{1,9})?$/.exec(text(value) ?? '')
  return match && Number(match[0]) > 0 ? Number(match[0]) : null
}

/**
 * Decimal yuan as fen; of a range such as "12.00-30.00" the lower end. Zero means that no price was told. Amounts below
 * zero and beyond all reason pass, so that a caller can see them for absurd.
 */
export function fenOfYuan(value: unknown): number | null {
  const lower = (text(value) ?? '').replaceAll(',', '').split(/(?<=\d)\s*[-~–]/, 1)[0]!
  const yuan = lower.replace(/^(-?)\s*[¥￥]?\s*/, '$1')
  // Exact for what can be a price; of the others only the size counts.
  return (fenFromYuan(yuan) ?? bounded(Math.round(numberOf(yuan) * 100))) || null
}

/** An amount that is in fen already. Zero means that no price was told; absurd ones pass as in `fenOfYuan`. */
export function fenOfFen(value: unknown): number | null {
  const amount = text(value) ?? ''
  // "98.00" is yuan in the wrong place.
  return /\.\d*$/.test(amount) ? null : bounded(numberOf(amount)) || null
}

/** NaN for anything but a number as JSON or JavaScript print it. */
function numberOf(digits: string): number {
  return /^-?(?:\d+(?:\.\d*)?(?:e[-+]?\d+)?|Infinity)$/i.test(digits) ? Number(digits) : Number.NaN
}

/** As large as an exact number can be, in place of what is larger. */
function bounded(amount: number): number {
  return Math.max(-Number.MAX_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, amount))
}

/** "1", 1, true, "true" and "yes" are yes. */
export function yes(value: unknown): boolean {
  return value === true || ['1', 'true', 'yes'].includes((text(value) ?? '').toLowerCase())
}

/** The lowest of the amounts that are known. */
export function lowest(amounts: readonly (number | null)[]): number | null {
  return amounts.reduce((least, each) => (each !== null && (least === null || each < least) ? each : least), null)
}

/** Each value once, in the order of first appearance, without the nulls. */
export function distinct<T>(values: readonly (T | null)[]): T[] {
  return [...new Set(values.filter((each): each is T => each !== null))]
}
