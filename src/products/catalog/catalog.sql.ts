import { sql } from 'kysely'
import type pg from 'pg'
import type { Db, Tx } from '../../lib/db/db.ts'
import type { Listing, ListingRef } from '../listing.ts'
import { type Catalogue, storefrontOf } from './product.ts'
import type { ListingRow, ProductRow } from './rows.ts'
import { SHARD_COUNT } from './shards.ts'

/** What `ProductRow` has. */
export const COLUMNS = sql.raw(
  `id, catalogue, marketplace, listing_id, title, price_fen, sales, details, translations, machine_translations,
   qc_count, qc_photos, source, fetched_at`,
)

/** The row of a listing; where several catalogues hold it, the live one. */
export async function productByRef(
  db: Db,
  catalogues: readonly Catalogue[],
  ref: ListingRef,
): Promise<ProductRow | null> {
  const { rows } = await sql<ProductRow>`
    select ${COLUMNS} from product
    where catalogue = any(${catalogues}::text[])
      and storefront = ${storefrontOf(ref.marketplace)} and listing_id = ${ref.listingId}
    order by catalogue desc limit 1`.execute(db)
  return rows[0] ?? null
}

export async function productById(db: Db, catalogues: readonly Catalogue[], id: number): Promise<ProductRow | null> {
  const { rows } = await sql<ProductRow>`
    select ${COLUMNS} from product where id = ${id} and catalogue = any(${catalogues}::text[])`.execute(db)
  return rows[0] ?? null
}

/** The live row of a listing, locked until the transaction ends. */
export async function productLock(tx: Tx, ref: ListingRef): Promise<ProductRow | null> {
  const { rows } = await sql<ProductRow>`
    select ${COLUMNS} from product
    where catalogue = 'live' and storefront = ${storefrontOf(ref.marketplace)} and listing_id = ${ref.listingId}
    for update`.execute(tx)
  return rows[0] ?? null
}

/** The row of this id, locked until the transaction ends. */
export async function productLockById(tx: Tx, id: number): Promise<ProductRow | null> {
  const { rows } = await sql<ProductRow>`select ${COLUMNS} from product where id = ${id} for update`.execute(tx)
  return rows[0] ?? null
}

/**
 * Writes what a source said of a live listing, new or known, and returns its row; null, and nothing written, when the
 * row is a feed's. What a translation service said of it stays.
 */
export async function productUpsert(
  tx: Tx,
  row: ListingRow,
  source: string,
  fetchedAt: Date,
): Promise<ProductRow | null> {
  const { rows } = await sql<ProductRow>`
    insert into product (catalogue, marketplace, listing_id, title, price_fen, sales, details, translations, source,
      fetched_at, search_terms, content_digest)
    values ('live', ${row.marketplace}, ${row.listingId}, ${row.title}, ${row.priceFen}, ${row.sales},
      ${row.details}::jsonb, ${row.translations}::jsonb, ${source}, ${fetchedAt}, ${row.searchTerms}::text[],
      decode(${row.contentDigest}, 'hex'))
    on conflict (catalogue, storefront, listing_id) do update set
      marketplace = excluded.marketplace, title = excluded.title, price_fen = excluded.price_fen,
      sales = excluded.sales, details = excluded.details, translations = excluded.translations,
      source = excluded.source, fetched_at = excluded.fetched_at, search_terms = excluded.search_terms,
      content_digest = excluded.content_digest
    where product.source <> 'feed'
    returning ${COLUMNS}`.execute(tx)
  return rows[0] ?? null
}

/** Adds what a translation service answered for one language, as JSON text; later words replace earlier ones. */
export async function productAddMachineTranslations(
  tx: Tx,
  id: number,
  language: string,
  terms: string,
): Promise<void> {
  await sql`
    update product set machine_translations = machine_translations || jsonb_build_object(${language}::text,
      coalesce(machine_translations -> ${language}::text, '{}') || ${terms}::jsonb)
    where id = ${id}`.execute(tx)
}

export type DemoRow = ListingRow & { id: number }

/** The digests of the demo's rows in hexadecimal, by id. */
export async function productDemoDigests(db: Db): Promise<Map<number, string>> {
  const { rows } = await sql<{ id: number; digest: string }>`
    select id, encode(content_digest, 'hex') as digest from product where catalogue = 'demo'`.execute(db)
  return new Map(rows.map(({ id, digest }) => [id, digest]))
}

/** Writes rows of the demo: in one statement, as it stands between a first start and its ready line. */
export async function productUpsertDemo(tx: Tx, rows: readonly DemoRow[], fetchedAt: Date): Promise<void> {
  const incoming = rows.map((row) => ({
    id: row.id,
    marketplace: row.marketplace,
    listing_id: row.listingId,
    title: row.title,
    price_fen: row.priceFen,
    sales: row.sales,
    details: row.details,
    translations: row.translations,
    search_terms: row.searchTerms,
    digest: row.contentDigest,
  }))
  await sql`
    insert into product (id, catalogue, marketplace, listing_id, title, price_fen, sales, details, translations,
      source, fetched_at, search_terms, content_digest)
    select id, 'demo', marketplace, listing_id, title, price_fen, sales, details::jsonb, translations::jsonb,
      'demo', ${fetchedAt}, search_terms, decode(digest, 'hex')
    from jsonb_to_recordset(${JSON.stringify(incoming)}::jsonb) as incoming (id bigint, marketplace text,
      listing_id text, title text, price_fen bigint, sales bigint, details text, translations text,
      search_terms text[], digest text)
    order by id
    on conflict (id) do update set
      marketplace = excluded.marketplace, listing_id = excluded.listing_id, title = excluded.title,
      price_fen = excluded.price_fen, sales = excluded.sales, details = excluded.details,
      translations = excluded.translations, fetched_at = excluded.fetched_at, search_terms = excluded.search_terms,
      content_digest = excluded.content_digest`.execute(tx)
}

/** Writes how many public QC photos products have, and the first of them. */
export async function productSetQc(
  tx: Tx,
  rows: readonly { id: number; qcCount: number; qcPhotos: readonly string[] }[],
): Promise<void> {
  await sql`
    update product set qc_count = told."qcCount", qc_photos = told."qcPhotos"
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as told (id bigint, "qcCount" bigint, "qcPhotos" text[])
    where product.id = told.id`.execute(tx)
}

/**
 * Removes the demo's rows that `kept` does not name, and those whose listing it gives to another id. Says which listings
 * they were.
 */
export async function productDeleteDemo(tx: Tx, kept: readonly (ListingRef & { id: number })[]): Promise<ListingRef[]> {
  const named = kept.map((row) => ({ ...row, marketplace: storefrontOf(row.marketplace) }))
  const { rows } = await sql<ListingRef>`
    with kept as (
      select * from jsonb_to_recordset(${JSON.stringify(named)}::jsonb)
        as kept (id bigint, marketplace text, "listingId" text))
    delete from product where catalogue = 'demo' and not exists (
      select from kept where kept.id = product.id and kept.marketplace = product.storefront
        and kept."listingId" = product.listing_id)
    returning marketplace, listing_id as "listingId"`.execute(tx)
  return rows
}

/** Whether a listing was noted as absent after `since`. */
export async function absenceExists(db: Db, ref: ListingRef, since: Date): Promise<boolean> {
  const { rows } = await sql`
    select from product_absence where storefront = ${storefrontOf(ref.marketplace)}
      and listing_id = ${ref.listingId} and noted_at > ${since}`.execute(db)
  return rows.length > 0
}

/** Notes that a listing is absent. */
export async function absenceUpsert(db: Db, ref: ListingRef, notedAt: Date): Promise<void> {
  await sql`
    insert into product_absence (storefront, listing_id, noted_at)
    values (${storefrontOf(ref.marketplace)}, ${ref.listingId}, ${notedAt})
    on conflict (storefront, listing_id) do update set noted_at = excluded.noted_at`.execute(db)
}

/**
 * Forgets absences noted at `since` or before, a thousand at a time. On its own and past whatever is locked: it holds
 * many rows and must wait for nobody who waits for one of them.
 */
export async function absenceDeleteOld(db: Db, since: Date): Promise<void> {
  await sql`
    delete from product_absence where ctid = any(array(
      select ctid from product_absence where noted_at <= ${since} limit 1000 for update skip locked))`.execute(db)
}

export async function absenceDelete(tx: Tx, ref: ListingRef): Promise<void> {
  await sql`
    delete from product_absence
    where storefront = ${storefrontOf(ref.marketplace)} and listing_id = ${ref.listingId}`.execute(tx)
}

/**
 * Keeps an answer that was not stored, as JSON text, and forgets those from before `since`. One that is there for the
 * same reason already is enough.
 */
export async function quarantineInsert(
  tx: Tx,
  input: { ref: ListingRef; source: string; reason: string; listing: string; notedAt: Date; since: Date },
): Promise<void> {
  const { ref, source, reason } = input
  const storefront = storefrontOf(ref.marketplace)
  await sql`
    delete from product_quarantine where ctid = any(array(
      select ctid from product_quarantine where noted_at < ${input.since} limit 1000 for update skip locked))`.execute(
    tx,
  )
  await sql`
    insert into product_quarantine (storefront, listing_id, source, reason, listing, noted_at)
    select ${storefront}::text, ${ref.listingId}::text, ${source}::text, ${reason}::text, ${input.listing}::jsonb,
      ${input.notedAt}::timestamptz
    where not exists (
      select from product_quarantine
      where storefront = ${storefront} and listing_id = ${ref.listingId} and source = ${source}
        and reason = ${reason} and noted_at >= ${input.since})`.execute(tx)
}

export type Quarantined = {
  storefront: string
  listing_id: string
  source: string
  reason: string
  listing: Listing
  noted_at: Date
}

/** What is in quarantine, the latest first. */
export async function quarantineList(db: Db, limit: number): Promise<Quarantined[]> {
  const { rows } = await sql<Quarantined>`
    select storefront, listing_id, source, reason, listing, noted_at from product_quarantine
    order by id desc limit ${limit}`.execute(db)
  return rows
}

/**
 * Says that products of these shards changed. The last statement before commit, as each row stays locked until then;
 * locked in shard order, so that two writers never wait for each other. NOTIFY only wakes those who poll the table.
 */
export async function epochBump(tx: Tx, shards: Iterable<number>): Promise<void> {
  await sql`
    with locked as materialized (
      select shard from catalog_epoch where shard = any(${[...new Set(shards)]}::smallint[]) order by shard for update),
    bumped as (
      update catalog_epoch set value = value + 1 from locked where catalog_epoch.shard = locked.shard)
    select pg_notify('epoch', 'catalog')`.execute(tx)
}

/** The epoch of every shard; the place in the list is the shard. */
export async function catalogEpochs(client: pg.ClientBase | pg.Pool): Promise<number[]> {
  const { rows } = await client.query<{ shard: number; value: number | string }>(
    'select shard, value from catalog_epoch',
  )
  const epochs = Array.from({ length: SHARD_COUNT }, () => 0)
  // A client without our own types gives int8 as text.
  for (const { shard, value } of rows) epochs[shard] = Number(value)
  return epochs
}
