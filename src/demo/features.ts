import { readFile } from 'node:fs/promises'
import type { Ctx } from '../ctx.ts'
import { type ReadyFeatures, storeFeatures } from '../products/search/pictures.ts'
import { demoListings } from './catalogue.ts'

export const FEATURES_FILE = new URL('features.bin', import.meta.url)

/** What an embedder made of the demo's drawings: by the path below `/media/`, as `packFeatures` gives them. */
export type DemoFeatures = { fingerprint: string; features: Map<string, Buffer> }

/** The features that were made in advance (`npm run demo:features`), so that the demo can be searched at once. */
export async function readDemoFeatures(): Promise<DemoFeatures> {
  const bytes = await readFile(FEATURES_FILE)
  const features = new Map<string, Buffer>()
  let at = 0
  const take = (length: number) => bytes.subarray(at, (at += length))
  const fingerprint = take(bytes[at++]!).toString()
  while (at < bytes.length) {
    const path = take(bytes[at++]!).toString()
    const length = take(2).readUInt16LE()
    features.set(path, take(length))
  }
  return { fingerprint, features }
}

/**
 * Stores the features that were made in advance. Where the active space is of another embedder, the indexer makes them, behind
 * the start.
 */
export async function storeDemoFeatures(
  ctx: Pick<Ctx, 'db' | 'clock'>,
  { fingerprint, features }: DemoFeatures,
): Promise<void> {
  const ready = demoListings().flatMap(({ id, marketplace, images, qcPhotos }): ReadyFeatures[] => {
    const product = { id, catalogue: 'demo', marketplace } as const
    const rows = (role: ReadyFeatures['role'], addresses: readonly string[]) =>
      addresses.flatMap((address) => {
        const made = features.get(address)
        return made ? [{ product, role, address, features: made }] : []
      })
    return [...rows('image', images), ...rows('qc', qcPhotos)]
  })
  await storeFeatures(ctx, fingerprint, ready)
}

/** The file's bytes: each text behind its length in one byte, features behind theirs in two. */
export function printDemoFeatures({ fingerprint, features }: DemoFeatures): Buffer {
  const text = (value: string) => Buffer.from([value.length, ...Buffer.from(value)])
  const rows = [...features].map(([path, packed]) => {
    const length = Buffer.alloc(2)
    length.writeUInt16LE(packed.length)
    return Buffer.concat([text(path), length, packed])
  })
  return Buffer.concat([text(fingerprint), ...rows])
}
