import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import sharp from 'sharp'
import type { Ctx } from '../../../src/ctx.ts'
import { storeListing } from '../../../src/products/catalog/store.ts'
import { takeIn } from '../../../src/products/media/media.ts'
import { inventPictures } from '../../../src/products/search/embedder/invented.ts'
import { runIndexer } from '../../../src/products/search/indexer.ts'
import { listing } from '../catalog/listings.ts'

/** An invented picture as a JPEG; the same for the same seed. */
export async function picture(seed: number): Promise<Buffer> {
  const [raster] = [...inventPictures(seed, 1)]
  const { width, height, rgb } = raster!
  return sharp(rgb, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 90 })
    .toBuffer()
}

/** Where invented pictures are kept, one for each seed. */
export async function pictureAddresses(ctx: Ctx, seeds: readonly number[]): Promise<string[]> {
  const addresses = []
  for (const seed of seeds) addresses.push((await takeIn(ctx, await picture(seed))).path)
  return addresses
}

/** A live product with these pictures, new or changed; answers its id. */
export async function putProduct(ctx: Ctx, listingId: string, images: string[]): Promise<number> {
  const stored = await storeListing(ctx, listing({ listingId, images }), 'shelf')
  assert(stored.kind === 'stored')
  return stored.product.id
}

/** An indexer until the test ends, or until it is stopped. */
export function startIndexer(t: TestContext, ctx: Ctx): { stop(): Promise<void> } {
  const stopping = new AbortController()
  const running = runIndexer(ctx, { signal: stopping.signal })
  const stop = () => {
    stopping.abort()
    return running
  }
  t.after(stop)
  return { stop }
}

/** Waits until `look` answers true, and fails when it does not in a while. */
export async function until(what: string, look: () => boolean | Promise<boolean>, ms = 30_000): Promise<void> {
  const untilMs = performance.now() + ms
  while (!(await look())) {
    if (performance.now() > untilMs) assert.fail(`it did not come about: ${what}`)
    await delay(20)
  }
}
