/** Prints integer fen as yuan with two decimals: 47000 gives "470.00". */
export function yuan(amountFen: number): string {
  const sign = amountFen < 0 ? '-' : ''
  const fen = Math.abs(amountFen)
  return `${sign}${Math.floor(fen / 100)}.${String(fen % 100).padStart(2, '0')}`
}

/** As `yuan`, with the trailing zero dropped, the way marketplaces print a price: 4100 gives "41.0", 285 gives "2.85". */
export function shortYuan(amountFen: number): string {
  return yuan(amountFen).replace(/0$/, '')
}

/**
 * Reads a decimal yuan amount into fen. Accepts strings and numbers; rounds half up beyond two decimals, as upstreams
 * send "12.345". Returns null for anything that is not a plain non-negative amount below 10^11 yuan.
 */
export function fenFromYuan(value: unknown): number | null {
  if (typeof value !== 'string' && typeof value !== 'number') return null
  const match = /^\s*[¥￥]?\s*(\d{1,11})(?:\.(\d*))?\s*$/.exec(String(value))
  if (!match) return null
  const decimals = (match[2] ?? '').padEnd(3, '0')
  return Number(match[1]) * 100 + Number(decimals.slice(0, 2)) + (decimals[2]! >= '5' ? 1 : 0)
}

/** Prints USD micros with two to six decimals: 19000000 gives "19.00", 4000 gives "0.004". */
export function usd(amountUsdMicros: number): string {
  const sign = amountUsdMicros < 0 ? '-' : ''
  const micros = Math.abs(amountUsdMicros)
  const decimals = String(micros % 1_000_000).padStart(6, '0')
  return `${sign}${Math.floor(micros / 1_000_000)}.${decimals.slice(0, 2)}${decimals.slice(2).replace(/0+$/, '')}`
}

/**
 * Reads a decimal amount as a person writes it into minor units of `places` decimals: "12.5" with 2 gives 1250. Null for more
 * decimals than that, for signs, blanks and separators, and from 10^9 up.
 */
export function minorFromDecimal(text: string, places: number): number | null {
  const match = /^(\d{1,9})(?:\.(\d+))?$/.exec(text)
  const decimals = match?.[2] ?? ''
  if (!match || decimals.length > places) return null
  return Number(match[1] + decimals.padEnd(places, '0'))
}
