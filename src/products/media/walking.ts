import { refused } from './threads.ts'

/** Decoders keep each of them, and some look through all at each. */
const PARTS_MAX = 20_000

/** To be called for each part of a file. Throws `DomainError('unprocessable')` when there are too many. */
export function partCounter(): () => void {
  let parts = 0
  return () => {
    if (++parts > PARTS_MAX) throw refused('is made of too many parts')
  }
}

export function isZeroFrom(bytes: Buffer, from: number): boolean {
  for (let at = from; at < bytes.length; at++) if (bytes[at] !== 0) return false
  return true
}

export const ascii = (bytes: Buffer, from: number, to: number) => bytes.toString('latin1', from, to)
export const animated = () => refused('is animated; send a still picture')
export const cutShort = (cause?: Error) => refused('is damaged or cut short', cause && { cause })
