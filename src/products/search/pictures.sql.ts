import { sql } from 'kysely'
import type { Db, Tx } from '../../lib/db/db.ts'

export type Role = 'image' | 'qc'

/** A product that is to be looked at, and the notes that say so. */
export type Due = { productId: number; noteIds: number[] }

/** A picture as it stands in a space. */
export type KnownPicture = {
  productId: number
  pictureId: number
  /** Null when the picture is no longer the product's. */
  role: Role | null
  address: string | null
  /** Null, as all that follows, when the space has nothing of it yet. */
  groupNo: number | null
  hasFeatures: boolean
  tries: number | null
  retryAt: Date | null
}

/** What came of a picture: features, or why there are none and when it is tried again. */
export type MadePicture = {
  productId: number
  role: Role
  address: string
  groupNo: number
  features: Uint8Array | null
  fault: string | null
  tries: number
  retryAt: Date | null
}

/** Notes products as due in every space in use. */
export async function dueInsert(tx: Tx, productIds: readonly number[]): Promise<void> {
  await sql`
    insert into search_due (space_id, product_id)
    select s.id, due.id from search_space s cross join unnest(${productIds}::bigint[]) as due (id)
    where s.state <> 'retired'`.execute(tx)
}

/** Notes a page of products as due in a space; `to` is the last of them, null after the last page. */
export async function dueNote(
  tx: Tx,
  spaceId: number,
  productIds: readonly number[],
  to: number | null,
): Promise<void> {
  await sql`
    insert into search_due (space_id, product_id)
    select ${spaceId}, due.id from unnest(${productIds}::bigint[]) as due (id)`.execute(tx)
  await sql`update search_space set noted_to = ${to} where id = ${spaceId}`.execute(tx)
}

/**
 * Products to look at, those that were noted last first, so that what changes now does not wait behind everything else. At
 * most `limit` notes are followed; products in `except` are left out.
 */
export async function dueList(db: Db, spaceId: number, limit: number, except: readonly number[]): Promise<Due[]> {
  const { rows } = await sql<Due>`
    with latest as (
      select product_id from search_due
      where space_id = ${spaceId} and product_id <> all(${except}::bigint[])
      order by id desc limit ${limit})
    select product_id as "productId", array_agg(id) as "noteIds" from search_due
    where space_id = ${spaceId} and product_id in (select product_id from latest)
    group by product_id order by max(id) desc`.execute(db)
  return rows
}

/** Products with pictures that are to be asked for again by now, at most `limit`; those in `except` are left out. */
export async function retryList(
  db: Db,
  spaceId: number,
  at: Date,
  limit: number,
  except: readonly number[],
): Promise<number[]> {
  const { rows } = await sql<{ product_id: number }>`
    select distinct product_id from (
      select product_id from search_vector
      where space_id = ${spaceId} and retry_at <= ${at} and product_id <> all(${except}::bigint[])
      order by retry_at limit ${limit}) as late`.execute(db)
  return rows.map(({ product_id }) => product_id)
}

export async function dueDelete(db: Db, spaceId: number, noteIds: readonly number[]): Promise<void> {
  await sql`delete from search_due where space_id = ${spaceId} and id = any(${noteIds}::bigint[])`.execute(db)
}

/** Everything that there is of these products in a space. */
export async function pictureList(db: Db, spaceId: number, productIds: readonly number[]): Promise<KnownPicture[]> {
  const { rows } = await sql<KnownPicture>`
    select coalesce(p.product_id, v.product_id) as "productId", coalesce(p.id, v.picture_id) as "pictureId",
      p.role, p.address, v.group_no as "groupNo", v.features is not null as "hasFeatures", v.tries,
      v.retry_at as "retryAt"
    from (select id, product_id, role, address from search_picture where product_id = any(${productIds}::bigint[])) p
    full join (
      select picture_id, product_id, group_no, features, tries, retry_at from search_vector
      where space_id = ${spaceId} and product_id = any(${productIds}::bigint[]) and removed_at is null) v
      on v.picture_id = p.id
    order by 2`.execute(db)
  return rows
}

type Picture = { productId: number; role: Role; address: string }

export async function pictureInsert(tx: Tx, pictures: readonly Picture[]): Promise<void> {
  await sql`
    insert into search_picture (product_id, role, address)
    select * from unnest(${pictures.map(({ productId }) => productId)}::bigint[],
      ${pictures.map(({ role }) => role)}::text[], ${pictures.map(({ address }) => address)}::text[])
    on conflict (product_id, role, address) do nothing`.execute(tx)
}

/** Deletes the pictures of a product in this role, those at `kept` apart. */
export async function pictureDelete(tx: Tx, productId: number, role: Role, kept: readonly string[]): Promise<void> {
  await sql`
    delete from search_picture
    where product_id = ${productId} and role = ${role} and address <> all(${kept}::text[])`.execute(tx)
}

/** Deletes the QC photos of these products that `kept` does not name. */
export async function pictureDeleteQc(
  tx: Tx,
  productIds: readonly number[],
  kept: readonly Pick<Picture, 'productId' | 'address'>[],
): Promise<void> {
  await sql`
    delete from search_picture
    where role = 'qc' and product_id = any(${productIds}::bigint[])
      and (product_id, address) not in (select * from unnest(
        ${kept.map(({ productId }) => productId)}::bigint[], ${kept.map(({ address }) => address)}::text[]))`.execute(
    tx,
  )
}

/** Writes what came of pictures; those that are gone meanwhile are left out, and a fault never replaces features. */
export async function vectorUpsert(
  tx: Tx,
  spaceId: number,
  change: number,
  made: readonly MadePicture[],
): Promise<void> {
  const column = <Name extends keyof MadePicture>(name: Name) => made.map((each) => each[name])
  // All features in one value, which goes as the bytes that they are; in a list each would be printed as text.
  const lengths = made.map(({ features }) => features?.length ?? null)
  let end = 1
  const starts = lengths.map((length) => (end += length ?? 0) - (length ?? 0))
  const all = Buffer.concat(made.flatMap(({ features }) => features ?? []))
  await sql`
    insert into search_vector (space_id, picture_id, product_id, group_no, change, features, fault, tries, retry_at)
    select ${spaceId}, p.id, p.product_id, made.group_no, ${change},
      substring(${all}::bytea from made.start for made.length), made.fault, made.tries, made.retry_at
    from unnest(${column('productId')}::bigint[], ${column('role')}::text[], ${column('address')}::text[],
      ${column('groupNo')}::smallint[], ${starts}::int[], ${lengths}::int[], ${column('fault')}::text[],
      ${column('tries')}::int[], ${column('retryAt')}::timestamptz[])
      as made (product_id, role, address, group_no, start, length, fault, tries, retry_at)
    join search_picture p using (product_id, role, address)
    on conflict (space_id, picture_id) do update set
      group_no = excluded.group_no, change = excluded.change, features = excluded.features, fault = excluded.fault,
      tries = excluded.tries, retry_at = excluded.retry_at
    where excluded.features is not null or search_vector.features is null`.execute(tx)
}

/** Moves what there is of a product, in every space, into a group. */
export async function vectorRegroup(tx: Tx, productId: number, groupNo: number, change: number): Promise<void> {
  await sql`
    update search_vector set group_no = ${groupNo}, change = ${change}
    where product_id = ${productId} and group_no <> ${groupNo} and removed_at is null`.execute(tx)
}

/** Takes what pictures had that are no longer the product's out of every space. */
export async function vectorRemove(tx: Tx, productId: number, change: number, at: Date): Promise<void> {
  await sql`
    update search_vector v set
      features = null, fault = null, retry_at = null, removed_at = ${at}, change = ${change}
    where product_id = ${productId} and removed_at is null
      and not exists (select from search_picture p where p.id = v.picture_id)`.execute(tx)
}

export type Change = {
  change: number
  picture_id: number
  product_id: number
  group_no: number
  /** Null when the picture is not, or no longer, to be found. */
  features: Buffer | null
}

/** The changes of a space after one of them, in their order. */
export async function changeList(
  db: Db,
  spaceId: number,
  after: Pick<Change, 'change' | 'picture_id'>,
  limit: number,
): Promise<Change[]> {
  const { rows } = await sql<Change>`
    select change, picture_id, product_id, group_no, features from search_vector
    where space_id = ${spaceId} and (change, picture_id) > (${after.change}, ${after.picture_id})
    order by change, picture_id limit ${limit}`.execute(db)
  return rows
}

/** The addresses of these pictures, by id; those that are gone are left out. */
export async function addressesOf(db: Db, pictureIds: readonly number[]): Promise<Map<number, string>> {
  const { rows } = await sql<{ id: number; address: string }>`
    select id, address from search_picture where id = any(${pictureIds}::bigint[])`.execute(db)
  return new Map(rows.map(({ id, address }) => [id, address]))
}

/** SHA-256 of the features that a space has of these products' pictures, as `product role address` → hexadecimal. */
export async function featureDigests(
  db: Db,
  spaceId: number,
  productIds: readonly number[],
): Promise<Map<string, string>> {
  const { rows } = await sql<{ name: string; digest: string }>`
    select concat_ws(' ', p.product_id, p.role, p.address) as name, encode(sha256(v.features), 'hex') as digest
    from search_picture p join search_vector v on v.picture_id = p.id and v.space_id = ${spaceId}
    where p.product_id = any(${productIds}::bigint[]) and v.features is not null`.execute(db)
  return new Map(rows.map(({ name, digest }) => [name, digest]))
}

/** Addresses of pictures to learn from: at most `limit`, spread over all of them and the same ones each time. */
export async function addressSample(db: Db, limit: number): Promise<string[]> {
  const { rows } = await sql<{ address: string }>`
    select address from (select distinct address from search_picture) as every
    order by md5(address), address limit ${limit}`.execute(db)
  return rows.map(({ address }) => address)
}
