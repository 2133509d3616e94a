import { sql } from 'kysely'
import type { Db, Tx } from '../../lib/db/db.ts'
import type { QcSource } from './facts.ts'

export type QcSetRow = {
  id: number
  product_id: number
  sku_id: string | null
  source: QcSource
  taken_at: Date | null
  weight_grams: number | null
  length_mm: number | null
  width_mm: number | null
  height_mm: number | null
  is_public: boolean
  created_at: Date
  /** In the order of their places. */
  paths: string[]
}

/** A set as it is written. Digest and hashes are hexadecimal. */
export type QcSetInsert = Omit<QcSetRow, 'id' | 'paths' | 'taken_at' | 'created_at'> & {
  /** ISO 8601. */
  taken_at: string | null
  digest: string
  photos: readonly { path: string; phash: string | null }[]
}

const COLUMNS = sql.raw(
  `id, product_id, sku_id, source, taken_at, weight_grams, length_mm, width_mm, height_mm, is_public, created_at,
   array(select path from qc_photo where set_id = qc_set.id order by place) as paths`,
)

/** The sets of a product, the newest taken first, those of unknown time last. */
export async function qcSetList(db: Db, productId: number): Promise<QcSetRow[]> {
  const { rows } = await sql<QcSetRow>`
    select ${COLUMNS} from qc_set where product_id = ${productId}
    order by taken_at desc nulls last, id desc`.execute(db)
  return rows
}

export async function qcSetById(db: Db, id: number): Promise<QcSetRow | null> {
  const { rows } = await sql<QcSetRow>`select ${COLUMNS} from qc_set where id = ${id}`.execute(db)
  return rows[0] ?? null
}

/** The set of a product with this digest in hexadecimal. */
export async function qcSetByDigest(db: Db, productId: number, digest: string): Promise<QcSetRow | null> {
  const { rows } = await sql<QcSetRow>`
    select ${COLUMNS} from qc_set
    where product_id = ${productId} and content_digest = decode(${digest}, 'hex')`.execute(db)
  return rows[0] ?? null
}

/** Writes sets with their photos, in one statement whatever their number, and gives their ids. */
export async function qcSetInsert(tx: Tx, sets: readonly QcSetInsert[], createdAt: Date): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`
    with incoming as (
      select * from jsonb_to_recordset(${JSON.stringify(sets)}::jsonb) as incoming (product_id bigint, sku_id text,
        source text, taken_at timestamptz, weight_grams integer, length_mm integer, width_mm integer,
        height_mm integer, is_public boolean, digest text, photos jsonb)),
    inserted as (
      insert into qc_set (product_id, sku_id, source, taken_at, weight_grams, length_mm, width_mm, height_mm, is_public,
        created_at, content_digest)
      select product_id, sku_id, source, taken_at, weight_grams, length_mm, width_mm, height_mm, is_public,
        ${createdAt}::timestamptz, decode(digest, 'hex')
      from incoming order by product_id, taken_at nulls first
      returning id, product_id, content_digest),
    photographed as (
      insert into qc_photo (set_id, place, path, phash)
      select inserted.id, place - 1, photo ->> 'path', ('x' || (photo ->> 'phash'))::bit(256)
      from inserted
      join incoming on incoming.product_id = inserted.product_id
        and decode(incoming.digest, 'hex') = inserted.content_digest
      cross join lateral jsonb_array_elements(incoming.photos) with ordinality as listed (photo, place)
      order by inserted.id, place)
    select id from inserted order by id`.execute(tx)
  return rows.map(({ id }) => id)
}

export async function qcSetDelete(tx: Tx, id: number): Promise<void> {
  await sql`delete from qc_set where id = ${id}`.execute(tx)
}

/** The photo of another product that is most alike by its hash (hexadecimal), within `distanceMax` bits of 256. */
export async function qcPhotoAlike(
  db: Db,
  input: { productId: number; phash: string; distanceMax: number },
): Promise<{ product_id: number; path: string; distance: number } | null> {
  const { rows } = await sql<{ product_id: number; path: string; distance: number }>`
    select s.product_id, p.path, p.distance
    from (
      select id, set_id, path, bit_count(phash # ('x' || ${input.phash}::text)::bit(256)) as distance
      from qc_photo where phash is not null offset 0) as p
    join qc_set s on s.id = p.set_id
    where p.distance <= ${input.distanceMax} and s.product_id <> ${input.productId}
    order by p.distance, p.id limit 1`.execute(db)
  return rows[0] ?? null
}

/** Ids of products from here on are not the demo's. */
const DEMO_IDS_END = 1_000_000
/** Among this database's advisory locks, that of whoever writes the demo's sets. */
const DEMO_QC_LOCK = 731_905_020

/** Keeps other nodes that start from writing the demo's sets until the transaction ends. */
export async function qcDemoLock(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock(${DEMO_QC_LOCK})`.execute(tx)
}

/** The digests of the demo's sets in hexadecimal, by product. */
export async function qcDemoDigests(db: Db): Promise<Map<number, string[]>> {
  const { rows } = await sql<{ product_id: number; digests: string[] }>`
    select product_id, array_agg(encode(content_digest, 'hex')) as digests from qc_set
    where product_id < ${DEMO_IDS_END} group by product_id`.execute(db)
  return new Map(rows.map(({ product_id, digests }) => [product_id, digests]))
}

/** Removes all sets of these products. */
export async function qcSetDeleteOf(tx: Tx, productIds: readonly number[]): Promise<void> {
  await sql`delete from qc_set where product_id = any(${productIds}::bigint[])`.execute(tx)
}
