import { sql } from 'kysely'
import type pg from 'pg'
import type { Db, Tx } from '../../lib/db/db.ts'

const INDEXER_LOCK = 731_905_011

export type Origin = 'default' | 'learnt'
export type SpaceRow = {
  id: number
  state: 'filling' | 'active' | 'retired'
  fingerprint: string
  embedder: string
  origin: Origin
  /** Products up to this id were noted as due; null when all were. */
  noted_to: number | null
}

/** What an embedder learnt. */
export type Asset = { fingerprint: string; embedder: string; bytes: Uint8Array }

/** Has this session be the one that indexes, until it ends; whether it is. */
export async function indexerLock(db: Db): Promise<boolean> {
  const { rows } = await sql<{ held: boolean }>`select pg_try_advisory_lock(${INDEXER_LOCK}) as held`.execute(db)
  return rows[0]!.held
}

/** Grows with every change that nodes have to hear of. */
export async function searchEpoch(client: pg.ClientBase | pg.Pool): Promise<number> {
  const { rows } = await client.query<{ value: number | string }>('select value from search_epoch')
  return Number(rows[0]!.value)
}

/**
 * The value that the changes of this transaction carry. Taken behind every lock that others may hold, as whoever changes
 * something waits from here on until it ends; so changes become visible in their order. NOTIFY only wakes those who poll.
 */
export async function searchEpochNext(tx: Tx, at: Date): Promise<number> {
  const { rows } = await sql<{ value: number }>`
    with next as (update search_epoch set value = value + 1, changed_at = ${at} returning value)
    select value, pg_notify('epoch', 'search') from next`.execute(tx)
  return rows[0]!.value
}

/** When something changed last. */
export async function searchChangedAt(db: Db): Promise<Date | null> {
  const { rows } = await sql<{ changed_at: Date | null }>`select changed_at from search_epoch`.execute(db)
  return rows[0]!.changed_at
}

/** Spaces in use: the active one first, then the one that is being filled. */
export async function spaceListOpen(db: Db): Promise<SpaceRow[]> {
  const { rows } = await sql<SpaceRow>`
    select s.id, s.state, s.fingerprint, a.embedder, a.origin, s.noted_to
    from search_space s join search_asset a on a.fingerprint = s.fingerprint
    where s.state <> 'retired' order by s.state`.execute(db)
  return rows
}

export async function spaceById(db: Db, id: number): Promise<Pick<SpaceRow, 'state'> | null> {
  const { rows } = await sql<Pick<SpaceRow, 'state'>>`select state from search_space where id = ${id}`.execute(db)
  return rows[0] ?? null
}

export async function spaceInsert(tx: Tx, state: 'active' | 'filling', fingerprint: string, at: Date): Promise<number> {
  const { rows } = await sql<{ id: number }>`
    insert into search_space (fingerprint, state, created_at, activated_at)
    values (${fingerprint}, ${state}, ${at}, ${state === 'active' ? at : null}) returning id`.execute(tx)
  return rows[0]!.id
}

/** Ends the space in this state, if there is one. */
export async function spaceRetire(tx: Tx, state: 'active' | 'filling', at: Date): Promise<void> {
  await sql`update search_space set state = 'retired', retired_at = ${at} where state = ${state}`.execute(tx)
}

/** Whether the space was being filled, and now is the active one. */
export async function spaceActivate(tx: Tx, id: number, at: Date): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update search_space set state = 'active', activated_at = ${at} where id = ${id} and state = 'filling'`.execute(tx)
  return numAffectedRows === 1n
}

/** Keeps an asset. Locked until the transaction ends, so that nobody takes it for unused meanwhile. */
export async function assetUpsert(tx: Tx, asset: Asset, origin: Origin, at: Date): Promise<void> {
  await sql`
    insert into search_asset (fingerprint, embedder, origin, bytes, created_at)
    values (${asset.fingerprint}, ${asset.embedder}, ${origin}, ${Buffer.from(asset.bytes)}, ${at})
    on conflict (fingerprint) do update set fingerprint = excluded.fingerprint`.execute(tx)
}

export async function assetExists(db: Db, fingerprint: string): Promise<boolean> {
  const { rows } = await sql`select from search_asset where fingerprint = ${fingerprint}`.execute(db)
  return rows.length > 0
}

export async function assetBytes(db: Db, fingerprint: string): Promise<Buffer> {
  const { rows } = await sql<{ bytes: Buffer }>`
    select bytes from search_asset where fingerprint = ${fingerprint}`.execute(db)
  return rows[0]!.bytes
}

export type SpaceStats = {
  /** With features. */
  pictures: number
  /** `example`: the address of one. */
  faults: { fault: string; count: number; example: string }[]
  /** Pictures that have neither yet. */
  pictures_missing: number
  /** Products that have to be looked at. */
  due: number
  /** Of one picture, in bytes. */
  features_bytes_average: number
}

/** How far a space has come. */
export async function spaceStats(db: Db, spaceId: number): Promise<SpaceStats> {
  const { rows } = await sql<SpaceStats>`
    with reason as (
      select fault, count(*) as count, min(address) as example
      from search_vector left join search_picture on id = picture_id
      where space_id = ${spaceId} and fault is not null group by fault),
    counted as (
      select
        (select count(*) from search_vector where space_id = ${spaceId}) as vectors,
        (select count(*) from search_vector where space_id = ${spaceId} and removed_at is not null) as removed,
        (select coalesce(sum(count), 0)::bigint from reason) as faults,
        (select count(*) from search_picture) as known)
    select vectors - removed - faults as pictures,
      (select coalesce(jsonb_agg(reason order by count desc, fault), '[]') from reason) as faults,
      greatest(0, known - (vectors - removed)) as pictures_missing,
      (select count(distinct product_id) from search_due where space_id = ${spaceId}) as due,
      (select coalesce(round(avg(octet_length(features))), 0)::int4 from (
        select features from search_vector where space_id = ${spaceId} and features is not null limit 1000) as sample
      ) as features_bytes_average
    from counted`.execute(db)
  return rows[0]!
}

export type SpaceLack = {
  /** Products that have to be looked at. */
  due: number
  /** Pictures that the active space has and this one could not fetch so far. */
  unfetched: number
}

/** What a space that is being filled lacks beside the active one; each is counted up to `limit`. */
export async function spaceLack(db: Db, spaceId: number, limit: number): Promise<SpaceLack> {
  const { rows } = await sql<SpaceLack>`
    select
      (select count(*) from (
        select distinct product_id from search_due where space_id = ${spaceId} limit ${limit}) as noted) as due,
      (select count(*) from (
        select from search_vector v join search_vector had
          on had.picture_id = v.picture_id and had.space_id = (select id from search_space where state = 'active')
        where v.space_id = ${spaceId} and v.retry_at is not null and had.features is not null
        limit ${limit}) as had_before) as unfetched`.execute(db)
  return rows[0]!
}

/** How many pictures there are of all products, in any space or none. */
export async function pictureCount(db: Db): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*) from search_picture`.execute(db)
  return rows[0]!.count
}

const PURGED_AT_ONCE = 2_000

/**
 * Deletes some of what nobody needs any more: pictures that are gone since before `removedBefore`, and spaces that were retired
 * before `retiredBefore`. Answers whether there may be more.
 */
export async function searchPurge(db: Db, removedBefore: Date, retiredBefore: Date): Promise<boolean> {
  const retired = await sql<{ id: number }>`
    select id from search_space where state = 'retired' and retired_at < ${retiredBefore}`.execute(db)
  const ids = retired.rows.map(({ id }) => id)
  // Each on its own, by its index: together, or with the spaces looked up beside, the whole table would be read.
  const removed = await sql`
    delete from search_vector where ctid = any(array(
      select ctid from search_vector where removed_at < ${removedBefore} limit ${PURGED_AT_ONCE}))`.execute(db)
  const vectors = await sql`
    delete from search_vector where ctid = any(array(
      select ctid from search_vector where space_id = any(${ids}::int[]) limit ${PURGED_AT_ONCE}))`.execute(db)
  const dues = await sql`
    delete from search_due where ctid = any(array(
      select ctid from search_due where space_id in (select id from search_space where state = 'retired')
      limit ${PURGED_AT_ONCE}))`.execute(db)
  if (removed.numAffectedRows! + vectors.numAffectedRows! + dues.numAffectedRows! > 0n) return true
  await sql`delete from search_space where id = any(${ids}::int[])`.execute(db)
  await sql`
    delete from search_asset a where origin = 'learnt'
      and not exists (select from search_space s where s.fingerprint = a.fingerprint)`.execute(db)
  return false
}
