import { usd } from '../lib/money.ts'
import type { Overrides } from '../money/plans/overrides.ts'
import type { Terms } from '../money/plans/terms.ts'

// How terms and overrides are printed: overrides by the names and in the units of set-plan's options.

export type ShownTerms = ReturnType<typeof showTerms>

export function showTerms({ windows, quota, pot, priceUsdMicros, bytes, features }: Terms) {
  return {
    per_second: windows.perSecond,
    per_minute: windows.perMinute,
    quota,
    pot,
    // As in /pricing: null where calls have no price of their own. What is paid for in advance is then all there is.
    call_usd: priceUsdMicros ? usd(priceUsdMicros) : null,
    gb_included: bytes && bytes.included / 1e9,
    gb_usd: bytes && usd(bytes.gbPriceUsdMicros),
    features: [...features],
  }
}

/** For the columns WINDOWS, IN ADVANCE, A CALL and BANDWIDTH. */
export function termsCells({
  per_second,
  per_minute,
  quota,
  pot,
  call_usd,
  gb_included,
  gb_usd,
}: ShownTerms): string[] {
  const windows = [per_second && `${per_second}/s`, per_minute && `${per_minute}/min`].filter(Boolean).join(' ')
  const month = quota ? `${quota.limit ?? 'unlimited'} a month` : ''
  const isBounded = pot !== null || (quota !== null && quota.limit !== null)
  const price = call_usd !== null ? `${call_usd} USD` : isBounded ? 'refused beyond' : ''
  const bandwidth = gb_usd === null ? '' : `${gb_included} GB, then ${gb_usd} USD each`
  return [windows || 'unlimited', pot ? `${pot.limit} a ${pot.period}` : month, price, bandwidth]
}

/** One sentence: `2 calls a second; 1000 a day in advance, then 0.004 USD each`. */
export function termsWords(terms: ShownTerms): string {
  const { per_second, per_minute, gb_included, gb_usd, features } = terms
  const windows = [per_second && `${per_second} calls a second`, per_minute && `${per_minute} calls a minute`]
  const bandwidth = gb_usd !== null && `${gb_included} GB a month, then ${gb_usd} USD each`
  const limits = [...windows, unitsWords(terms), bandwidth].filter(Boolean)
  if (limits.length === 0) limits.push('no limits')
  else if (per_second === null && per_minute === null) limits.unshift('no limit of a second or a minute')
  return [...limits, ...(features.length === 0 ? [] : [`with ${features.join(', ')}`])].join('; ')
}

function unitsWords({ quota, pot, call_usd }: ShownTerms): string | null {
  if (quota) return quota.limit === null ? null : `${quota.limit} calls a month, none beyond`
  if (pot === null) return call_usd && `${call_usd} USD a call`
  const beyond = call_usd === null ? 'none beyond' : `then ${call_usd} USD each`
  return `${pot.limit} calls a ${pot.period} ${pot.name === 'item.trial' ? 'on trial' : 'in advance'}, ${beyond}`
}

/** By the options' names: null is `unlimited`, of a price `none`. */
export function showOverrides(overrides: Overrides) {
  const { perSecond, perMinute, perDay, perMonth, priceUsdMicros, bytesIncluded, features } = overrides
  return {
    ...(perSecond !== undefined && { per_second: perSecond }),
    ...(perMinute !== undefined && { per_minute: perMinute }),
    ...(perDay !== undefined && { per_day: perDay }),
    ...(perMonth !== undefined && { per_month: perMonth }),
    ...(priceUsdMicros !== undefined && { price_usd: priceUsdMicros && usd(priceUsdMicros) }),
    ...(bytesIncluded !== undefined && { gb_included: bytesIncluded / 1e9 }),
    ...(features !== undefined && { features }),
  }
}

/** As the options are written: `--per-second unlimited --gb-included 2`. */
export function overridesWords(overrides: ReturnType<typeof showOverrides>): string {
  return Object.entries<string | number | string[] | null>(overrides)
    .map(([name, value]) => {
      const none = name === 'price_usd' ? 'none' : 'unlimited'
      return `--${name.replaceAll('_', '-')} ${(value ?? none).toString()}`
    })
    .join(' ')
}
