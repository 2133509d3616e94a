import type { Ctx } from '../../ctx.ts'
import type { Product } from '../catalog/product.ts'
import { productsOf } from '../catalog/search.ts'
import { qcPhotoAlike } from './qc.sql.ts'

/**
 * Bits of 256 by which the hashes of one photo may differ. Compressed and scaled anew, brightened a little: up to 18, with a
 * narrow edge cut off up to about 30; two different photos of the same kind: 82 or more.
 */
const DISTANCE_MAX = 24

/** A photo that is one of another product too (`otherPath`). `picture`: which of those given it is, from 1. */
export type Reused = { picture: number; path: string; product: Product; otherPath: string; distance: number }

/** Which of the photos another product has too: of each the one that is most alike. */
export async function findReused(
  ctx: Ctx,
  productId: number,
  photos: readonly { picture: number; path: string; phash: string | null }[],
): Promise<Reused[]> {
  const reused: Reused[] = []
  for (const { picture, path, phash } of photos) {
    const alike = phash && (await qcPhotoAlike(ctx.db, { productId, phash, distanceMax: DISTANCE_MAX }))
    const [product] = alike ? await productsOf(ctx, [alike.product_id]) : []
    if (alike && product) reused.push({ picture, path, product, otherPath: alike.path, distance: alike.distance })
  }
  return reused
}
