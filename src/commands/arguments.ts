import { InvalidArgumentError, type Command } from 'commander'
import { minorFromDecimal } from '../lib/money.ts'

// Reads what is written after an option; what it refuses, the program tells in one line with the option's name.

/** Stands for null, which commander would take for a value that was left out; `noneToNull` gives it back. */
const NONE = Symbol('none')
type None = typeof NONE

/** For commander's hook before the action: options that were read as none become null. */
export function noneToNull(_program: Command, command: Command): void {
  for (const [name, value] of Object.entries(command.opts())) {
    if (value === NONE) command.setOptionValue(name, null)
  }
}

/** In USD micros; more than nothing. */
export function usdAmount(text: string): number {
  return amount(text, 6, 'dollars, such as 25 or 0.015')
}

/** In fen; more than nothing. */
export function cnyAmount(text: string): number {
  return amount(text, 2, 'yuan, such as 200 or 199.50')
}

/** In USD micros; null for `none`. */
export function usdOrNone(text: string): number | None {
  return text === 'none' ? NONE : usdAmount(text)
}

/** From 1; null for `none`. */
export function countOrNone(text: string): number | None {
  return text === 'none' ? NONE : whole(text, 1, 'Give a whole number from 1, or none.')
}

/** From 1; null for `unlimited`. */
export function limitOrUnlimited(text: string): number | None {
  return text === 'unlimited' ? NONE : whole(text, 1, 'Give a whole number from 1, or unlimited.')
}

/** From 0; null for `unlimited`. */
export function unitsOrUnlimited(text: string): number | None {
  return text === 'unlimited' ? NONE : units(text)
}

/** From 0. */
export function units(text: string): number {
  return whole(text, 0, 'Give a whole number from 0.')
}

/** Length, width and height in millimetres. */
export function sizeMm(text: string): [number, number, number] {
  const sides = /^(\d{1,6})[x×](\d{1,6})[x×](\d{1,6})$/i.exec(text)
  if (!sides) throw new InvalidArgumentError('Give length, width and height in millimetres, such as 300x200x120.')
  return [Number(sides[1]), Number(sides[2]), Number(sides[3])]
}

export function commaList(text: string): string[] {
  const given = text
    .split(',')
    .map((each) => each.trim())
    .filter(Boolean)
  // An empty list would be read as no limit at all, or as nothing allowed.
  if (given.length === 0) throw new InvalidArgumentError('Nothing is named; leave the option out for the default.')
  return given
}

export function wholeNumber(text: string): number {
  return whole(text, 0, 'Give a whole number.')
}

export function upToHundred(text: string): number {
  return upTo(text, 100)
}

export function upToThousand(text: string): number {
  return upTo(text, 1_000)
}

export function firstOfFourPorts(text: string): number {
  const port = wholeNumber(text)
  if (port > 65_532) throw new InvalidArgumentError('Give a port from 1 to 65532, or 0.')
  return port
}

/** What is not nothing, in at most 500 characters. */
export function words(text: string): string {
  if (text.trim() === '' || text.length > 500) throw new InvalidArgumentError('Give 1 to 500 characters.')
  return text
}

function amount(text: string, places: number, wish: string): number {
  const minor = minorFromDecimal(text, places)
  if (minor) return minor
  throw new InvalidArgumentError(`Give more than zero and less than 10^9 ${wish}, with at most ${places} decimals.`)
}

function upTo(text: string, max: number): number {
  const count = wholeNumber(text)
  if (count < 1 || count > max) throw new InvalidArgumentError(`Give a whole number from 1 to ${max}.`)
  return count
}

function whole(text: string, min: number, wish: string): number {
  if (!/^\d{1,15}$/.test(text) || Number(text) < min) throw new InvalidArgumentError(wish)
  return Number(text)
}
