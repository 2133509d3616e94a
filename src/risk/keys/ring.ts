import { createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import type { IdentifierType, Key } from '../normalise/normalised.ts'

/** The keys by generation: the first is generation 1. The digest of a generation is made from that of the one before. */
export type Ring = readonly KeyObject[]

export type MarkForm = 'exact' | 'canonical' | 'near' | 'network'
/** A text to be digested, and how strong it is when it meets another. */
export type Marking = { form: MarkForm; text: string }

const PROOF = 'openhaul risk key'

export function keyOf(bytes: Uint8Array): KeyObject {
  return createSecretKey(bytes)
}

/** What says whether a key is the right one, without giving it away. */
export function proofOf(key: KeyObject): Buffer {
  return createHmac('sha256', key).update(PROOF).digest()
}

/** The digests of a text by generation, the first first: HMAC-SHA-256, each of the one before. */
export function digestsOf(ring: Ring, text: string): Buffer[] {
  const digests: Buffer[] = []
  let last: string | Buffer = text
  for (const key of ring) digests.push((last = createHmac('sha256', key).update(last).digest()))
  return digests
}

/** A digest of one generation as the newest has it. */
export function wrapped(ring: Ring, digest: Buffer, generation: number): Buffer {
  let last = digest
  for (const key of ring.slice(generation)) last = createHmac('sha256', key).update(last).digest()
  return last
}

/**
 * What is digested of an identifier. Exact and canonical keys that say the same are one, so that most identifiers have one
 * mark beside the near ones.
 */
export function markingsOf(type: IdentifierType, keys: readonly Key[]): Marking[] {
  const markings = new Map<string, Marking>()
  for (const { form, text } of keys) {
    const said = `${type}\0${form === 'near' ? text : text.slice(text.indexOf('/') + 1)}`
    // Networks are entries alone; addresses are looked for in all that they lie in.
    if (!markings.has(said)) markings.set(said, { form: text.startsWith('net/') ? 'network' : form, text: said })
  }
  return [...markings.values()]
}

/** Of the text of a network's marking: the version of its addresses and how many bits of them it has in common, as `4/24`. */
export function prefixOf(network: string): string {
  return `${network.includes(':') ? 6 : 4}${network.slice(network.lastIndexOf('/'))}`
}

/** The marking that says that two entries are about the same one: that of the canonical key, or the exact one's without such. */
export function subjectOf(type: IdentifierType, keys: readonly Key[]): Marking {
  const key = keys.find(({ form }) => form === 'canonical') ?? keys[0]!
  return markingsOf(type, [key])[0]!
}
