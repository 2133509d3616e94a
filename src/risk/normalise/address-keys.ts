import type { AddressParts } from './address-parts.ts'
import { isDirection, isStreetType, skeleton } from './address-words.ts'
import type { Key } from './normalised.ts'

/**
 * The keys of an address but for its exact one; none where it is not one place: without postcode and town, or with nothing
 * besides them.
 *
 * Canonical: country, place (postcode and town), number, the street's words and unit, each in the order in which it was written. It is left
 * out where any of these is missing or open, and where anything was written that was not understood.
 *
 * Near: three keys with the postcode and three with the town, so that either may be wrong or missing; `unitless` forgives another unit,
 * `door` another street, `sound` its spelling, `word` all but its longest word, `base` its kind, its blanks and a letter of the house.
 * None forgives another house number, which is a neighbour. All but the first hold the unit, so that the customers of one warehouse
 * share one near key of six; a number that was not understood stands for one.
 */
export function addressKeys(parts: AddressParts): Key[] {
  const canonical = canonicalKey(parts)
  const near = nearTexts(parts).map((text) => ({ form: 'near' as const, text }))
  return canonical === null ? near : [{ form: 'canonical', text: canonical }, ...near]
}

function canonicalKey({
  country,
  place,
  number,
  street,
  units,
  unread,
  isBox,
  isPostcodeFine,
}: AddressParts): string | null {
  if (country === '' || place === null || number === null || unread.length > 0) return null
  // A number beside the house's may be part of it.
  const isStreetKnown = isBox || (isPostcodeFine && !street.some((word) => /\d/.test(word)))
  if (street.length === 0 && !isStreetKnown) return null
  return `canonical/${[country, place, number, isStreetKnown ? '' : street.join(' '), units.join(' ')].join('|')}`
}

function nearTexts(parts: AddressParts): string[] {
  const { number, street, locality } = parts
  const unit = [...parts.units, ...parts.unread.filter((word) => /\d/.test(word))].join(' ')
  const home = number ?? ''
  const words = [...street].sort().join(' ')
  const town = locality.map(skeleton).sort().join(' ')
  const area = parts.postcode ?? parts.district ?? town
  const around = town === '' ? area : town
  if (area === '' || (number === null && words === '')) return []

  const sounds = street.map(skeleton).sort().join(' ')
  const names = street.filter((word) => !isStreetType(word) && !isDirection(word))
  const longest = names.reduce((long, word) => (word.length > long.length ? word : long), '')
  const base = /^\D*\d+/.exec(home)?.[0] ?? home
  const texts = [
    ['unitless', area, home, words],
    ['sound', area, home, sounds, unit],
    ...(number === null ? [] : [['door', area, home, unit]]),
    ['sound', around, home, sounds, unit],
    ['word', around, home, skeleton(longest), unit],
    ['base', around, base, skeleton(names.join('')), unit],
  ].map(([kind, ...fields]) => `${kind}/${fields.join('|')}`)
  return [...new Set(texts)]
}
