import { hash } from 'node:crypto'
import type { Ctx } from '../../ctx.ts'
import type { Db } from '../../lib/db/db.ts'
import { setQcPhotos } from '../catalog/catalog.ts'
import { QC_PREVIEW_MAX } from '../catalog/product.ts'
import type { ListingRef } from '../listing.ts'
import { putQcPicturesOf } from '../search/pictures.ts'
import type { QcFacts } from './facts.ts'
import { insertOf, type Photo } from './qc.ts'
import { qcDemoDigests, qcDemoLock, qcSetDeleteOf, qcSetInsert } from './qc.sql.ts'

/** The drawn photos of a demo product: sets in the order of a gallery, the newest first, each with photos below `/media/`. */
export type DemoGallery = ListingRef & { id: number; sets: readonly (QcFacts & { photos: readonly Photo[] })[] }

/**
 * Makes the sets of the demo's products exactly those of `galleries`, which names every product of the demo; the products are
 * there. Runs at every start, so it reads the stored digests first and writes only what differs.
 */
export async function storeDemoQc(ctx: Pick<Ctx, 'db' | 'clock'>, galleries: readonly DemoGallery[]): Promise<void> {
  const wanted = galleries.map((gallery) => ({ ...gallery, digests: gallery.sets.map(digestOf) }))
  if ((await changedAmong(ctx.db, wanted)).length === 0) return

  await ctx.db.transaction().execute(async (tx) => {
    await qcDemoLock(tx)
    // Read again behind the lock: another node that starts may have written them meanwhile.
    const changed = await changedAmong(tx, wanted)
    if (changed.length === 0) return
    await qcSetDeleteOf(
      tx,
      changed.map(({ id }) => id),
    )
    const inserts = changed.flatMap(({ id, sets, digests }) =>
      sets.map((set, at) => insertOf(id, set, set.photos, digests[at]!)),
    )
    await qcSetInsert(tx, inserts, ctx.clock.now())
    const told = changed.map(({ sets, ...product }) => ({
      ...product,
      paths: sets.flatMap(({ photos }) => photos.map(({ path }) => path)),
    }))
    await putQcPicturesOf(
      tx,
      told.map(({ id, paths }) => ({ id, addresses: paths })),
    )
    await setQcPhotos(
      tx,
      told.map(({ paths, ...product }) => ({
        ...product,
        qcCount: paths.length,
        qcPhotos: paths.slice(0, QC_PREVIEW_MAX),
      })),
    )
  })
}

/** Which of the galleries are not what is stored. */
async function changedAmong<T extends { id: number; digests: readonly string[] }>(
  db: Db,
  wanted: readonly T[],
): Promise<T[]> {
  const stored = await qcDemoDigests(db)
  const textOf = (digests: readonly string[] = []) => digests.toSorted().join()
  return wanted.filter(({ id, digests }) => textOf(digests) !== textOf(stored.get(id)))
}

function digestOf(set: DemoGallery['sets'][number]): string {
  return hash('sha256', JSON.stringify(set))
}
