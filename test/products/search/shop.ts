import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import sharp from 'sharp'
import type { Ctx } from '../../../src/ctx.ts'
import { openDb } from '../../../src/lib/db/db.ts'
import { storeListing } from '../../../src/products/catalog/store.ts'
import { takeIn } from '../../../src/products/media/media.ts'
import { readAsset, writeAsset } from '../../../src/products/search/embedder/asset.ts'
import { inventPictures } from '../../../src/products/search/embedder/invented.ts'
import { runIndexer } from '../../../src/products/search/indexer.ts'
import { defaultAsset, ensureSpaces } from '../../../src/products/search/spaces.ts'
import { testCtx } from '../../app.ts'
import { silentLog } from '../../database.ts'
import { listing } from '../catalog/listings.ts'

type Row = { product_id: number; role: string | null; address: string | null; state: string }

/** The ctx of a test on a database of its own, with an active space, and a pool to look into it. */
export async function shop(t: TestContext, parts: Partial<Ctx> = {}) {
  const ctx = await testCtx(t, { SOURCES: 'feed' }, parts)
  await ensureSpaces(ctx)
  const { pool, close } = openDb(ctx.connection, { log: silentLog, exitWhenIdle: true })
  t.after(close)
  return { ctx, pool }
}

/** Every picture of the active space, or of the one that is being filled, and how it stands. */
export async function index(pool: pg.Pool, state = 'active'): Promise<Row[]> {
  const { rows } = await pool.query<Row>(
    `select coalesce(p.product_id, v.product_id) as product_id, p.role, p.address,
       case when v.features is not null then 'made' when v.fault is not null then v.fault
         when v.removed_at is not null then 'gone' else 'missing' end as state
     from search_picture p full join (
       select v.* from search_vector v join search_space s on s.id = v.space_id where s.state = $1) v on v.picture_id = p.id
     order by 1, coalesce(p.id, v.picture_id)`,
    [state],
  )
  return rows
}

/** Whether the indexer has nothing left to do but what it does again later. */
export async function isIdle(pool: pg.Pool): Promise<boolean> {
  const { rows } = await pool.query<{ busy: boolean }>(
    `select exists (select from search_due)
       or exists (select from search_space where state <> 'retired' and noted_to is not null)
       or exists (select from search_space where state = 'filling') as busy`,
  )
  return !rows[0]!.busy
}

/** Another asset than the program's, with the same numbers but for how cosines are read. */
export async function otherAsset(): Promise<Uint8Array> {
  const learnt = readAsset(await defaultAsset())
  return writeAsset({ ...learnt, cosines: learnt.cosines.map(([share, cosine]) => [share, cosine * 0.99]) })
}

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
