import type { TestContext } from 'node:test'
import type { Ctx } from '../../../src/ctx.ts'
import { demoListings } from '../../../src/demo/catalogue.ts'
import { readDemoFeatures } from '../../../src/demo/features.ts'
import { demoGalleries } from '../../../src/demo/qc-sets.ts'
import { storeDemo } from '../../../src/products/catalog/catalog.ts'
import { storeListing } from '../../../src/products/catalog/store.ts'
import { storeDemoQc } from '../../../src/products/qc/demo.ts'
import { addQcSet, type NewQcSet } from '../../../src/products/qc/qc.ts'
import { seedKey, testApp, type TestApp } from '../../app.ts'
import { listing } from '../../products/catalog/listings.ts'

/** The application with the demo catalogue and its photos, and a live key that may do everything. */
export async function openGallery(t: TestContext, parts: Partial<Ctx> = {}, env: Record<string, string> = {}) {
  const { app, ctx } = await testApp(t, env, parts)
  await storeDemo(ctx, demoListings())
  await storeDemoQc(ctx, demoGalleries(await readDemoFeatures()))
  const live = await seedKey(ctx, { mode: 'live', room: true })
  const sandbox = await seedKey(ctx, { mode: 'test', room: true })
  const get = (url: string, headers = live.headers) => app.inject({ url: `/api/v1${url}`, headers })
  return { app, ctx, get, live: live.headers, sandbox: sandbox.headers }
}

let listings = 0

/** A live product of its own, found as `taobao/…`. */
export async function seedProduct(ctx: TestApp['ctx']): Promise<{ id: number; listingId: string }> {
  const listingId = String(62_000_000 + ++listings)
  const stored = await storeListing(ctx, listing({ listingId }), 'shelf')
  if (stored.kind !== 'stored') throw new Error('an invented listing was not stored')
  return { id: stored.product.id, listingId }
}

/** Adds photos to a product of `seedProduct`. */
export async function addPhotos(ctx: Ctx, listingId: string, pictures: Buffer[], change: Partial<NewQcSet> = {}) {
  const ref = { marketplace: 'taobao', listingId } as const
  const unknown = { skuId: null, source: 'upload', takenAt: null, weightGrams: null, sizeMm: null } as const
  const { set } = await addQcSet(ctx, { ...unknown, ref, pictures, isPublic: true, actor: 'cli:tester', ...change })
  return set
}
