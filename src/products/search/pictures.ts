import { hash } from 'node:crypto'
import type { Ctx } from '../../ctx.ts'
import type { Tx } from '../../lib/db/db.ts'
import { productsWrite } from '../catalog/pictures.sql.ts'
import { type Catalogue, storefrontOf } from '../catalog/product.ts'
import type { Marketplace } from '../links/marketplaces.ts'
import { groupOf } from './groups.ts'
import {
  dueInsert,
  featureDigests,
  type MadePicture,
  pictureDeleteQc,
  pictureInsert,
  type Role,
  vectorUpsert,
} from './pictures.sql.ts'
import { openSpaces } from './spaces.ts'
import { searchEpochNext } from './spaces.sql.ts'

/** A product as the index knows it. */
type Indexed = { id: number; catalogue: Catalogue; marketplace: Marketplace }

/** Features that were made before, of a picture of a product. */
export type ReadyFeatures = { product: Indexed; role: Role; address: string; features: Uint8Array }

/**
 * Makes `addresses` the QC photos by which a product is found, in the caller's transaction. The indexer does the rest behind
 * it.
 */
export async function putQcPictures(tx: Tx, { id }: Pick<Indexed, 'id'>, addresses: readonly string[]): Promise<void> {
  await putQcPicturesOf(tx, [{ id, addresses }])
}

/** `putQcPictures` of many products, in as many statements as of one. */
export async function putQcPicturesOf(
  tx: Tx,
  products: readonly { id: number; addresses: readonly string[] }[],
): Promise<void> {
  // A space that is begun at this moment waits for this note or is seen by it, as with writers of products.
  await productsWrite(tx)
  const ids = products.map(({ id }) => id)
  const pictures = products.flatMap(({ id, addresses }) =>
    addresses.map((address) => ({ productId: id, role: 'qc' as const, address })),
  )
  await pictureDeleteQc(tx, ids, pictures)
  await pictureInsert(tx, pictures)
  await dueInsert(tx, ids)
}

/**
 * Stores features that are at hand, so that nobody has to make them: those of the active space's embedder, which must have
 * `fingerprint`; others are left to the indexer. Writes only what differs, and QC photos only where `putQcPictures` was told of
 * them.
 */
export async function storeFeatures(
  { db, clock }: Pick<Ctx, 'db' | 'clock'>,
  fingerprint: string,
  ready: readonly ReadyFeatures[],
): Promise<void> {
  const [active] = await openSpaces(db)
  if (active?.fingerprint !== fingerprint) return
  const stored = await featureDigests(db, active.id, [...new Set(ready.map(({ product }) => product.id))])
  const missing = ready.filter(
    ({ product, role, address, features }) =>
      stored.get(`${product.id} ${role} ${address}`) !== hash('sha256', features, 'hex'),
  )
  if (missing.length === 0) return
  const made = missing.map(({ product, role, address, features }): MadePicture => {
    const groupNo = groupOf(product.catalogue, storefrontOf(product.marketplace))
    return { productId: product.id, role, address, groupNo, features, fault: null, tries: 0, retryAt: null }
  })
  await db.transaction().execute(async (tx) => {
    await pictureInsert(
      tx,
      made.filter(({ role }) => role === 'image'),
    )
    const change = await searchEpochNext(tx, clock.now())
    await vectorUpsert(tx, active.id, change, made)
  })
}
