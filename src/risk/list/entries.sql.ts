import { sql } from 'kysely'
import type { Db, Tx } from '../../lib/db/db.ts'
import type { MarkForm } from '../keys/ring.ts'
import type { IdentifierType } from '../normalise/normalised.ts'
import type { ReasonCode } from './reasons.ts'

export type EntryRow = {
  id: number
  subject: number
  owner: number
  kind: 'adverse' | 'allowed'
  type: IdentifierType
  reason_code: ReasonCode
  reason: string | null
  details: Record<string, string>
  evidence: string | null
  source_id: number
  hint: string
  /** A day. */
  first_seen: string
  /** When it happened last, as far as is known. */
  seen_at: Date
  listed_at: Date
  expires_at: Date
  corroborated_until: Date | null
  disputed_at: Date | null
  is_sandbox: boolean
  rule_version: number
}

/**
 * One writer of the list at a time, until the transaction ends: who is listed by whom is decided over all entries of a subject. Waits
 * longer than others do, as a page of an import takes its time.
 */
export async function entryListLock(tx: Tx): Promise<void> {
  await sql`select set_config('lock_timeout', '30s', true), set_config('statement_timeout', '60s', true)`.execute(tx)
  await sql`select pg_advisory_xact_lock(hashtextextended('risk list', 0))`.execute(tx)
}

/** The source of this name, as it now is: its confidence is the one given, if any, its party the one that it began with. */
export async function sourcePut(
  tx: Tx,
  source: { name: string; party: string; confidence: number | null },
): Promise<{ id: number; party: string }> {
  const { rows } = await sql<{ id: number; party: string }>`
    insert into risk_source as s (name, party, confidence)
    values (${source.name}, ${source.party}, coalesce(${source.confidence}, 100))
    on conflict (name) do update set confidence = coalesce(${source.confidence}, s.confidence)
    returning s.id, s.party`.execute(tx)
  return rows[0]!
}

/** Which subjects there are under these digests, of any generation; `n` is the caller's. */
export async function subjectFind(
  db: Db,
  probes: readonly { n: number; digest: Buffer }[],
): Promise<{ n: number; subject: number }[]> {
  const { rows } = await sql<{ n: number; subject: number }>`
    select distinct probe.n, e.subject
    from unnest(${probes.map(({ n }) => n)}::int[]) with ordinality as probe (n, place)
      join risk_mark m on m.is_subject
        and m.digest = substr(${Buffer.concat(probes.map(({ digest }) => digest))}::bytea, (32 * (place - 1) + 1)::int, 32)
      join risk_entry e on e.id = m.entry_id`.execute(db)
  return rows
}

export async function subjectDraw(tx: Tx, count: number): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`
    select nextval('risk_subject') as id from generate_series(1, ${count}::int)`.execute(tx)
  return rows.map(({ id }) => id)
}

/**
 * Writes entries, and answers each with its id in no promised order. One that is there already is refreshed: seen from the earlier
 * of both times to the later, and kept for as long as the later of both says.
 */
export async function entryPut(
  tx: Tx,
  rows: readonly Omit<EntryRow, 'id' | 'corroborated_until' | 'disputed_at'>[],
): Promise<{ id: number; subject: number; kind: string; reason_code: string; is_new: boolean }[]> {
  const { rows: written } = await sql<{
    id: number
    subject: number
    kind: string
    reason_code: string
    is_new: boolean
  }>`
    insert into risk_entry as e (subject, owner, kind, type, reason_code, reason, details, evidence, source_id, hint, first_seen,
      seen_at, listed_at, expires_at, is_sandbox, rule_version)
    select subject, owner, kind, type, reason_code, reason, details, evidence, source_id, hint, first_seen, seen_at,
      listed_at, expires_at, is_sandbox, rule_version
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r (subject bigint, owner bigint, kind text, type text,
      reason_code text, reason text, details jsonb, evidence text, source_id bigint, hint text, first_seen date,
      seen_at timestamptz, listed_at timestamptz, expires_at timestamptz, is_sandbox boolean, rule_version smallint)
    on conflict (subject, owner, source_id, kind, reason_code) do update set
      first_seen = least(e.first_seen, excluded.first_seen), seen_at = greatest(e.seen_at, excluded.seen_at),
      listed_at = excluded.listed_at,
      expires_at = greatest(e.expires_at, excluded.expires_at), reason = coalesce(excluded.reason, e.reason),
      details = e.details || excluded.details, evidence = coalesce(excluded.evidence, e.evidence)
    returning id, subject, kind, reason_code, xmax = 0 as is_new`.execute(tx)
  return written
}

export type MarkRow = {
  digest: Buffer
  owner: number
  is_adverse: boolean
  entry_id: number
  generation: number
  form: MarkForm
  is_subject: boolean
}

export async function markInsert(tx: Tx, rows: readonly MarkRow[]): Promise<void> {
  // One text for all digests, as arrays of bytes are written and read with great pains.
  await sql`
    insert into risk_mark (digest, owner, is_adverse, entry_id, generation, form, is_subject)
    select substr(${Buffer.concat(rows.map(({ digest }) => digest))}::bytea, (32 * (n - 1) + 1)::int, 32), owner, is_adverse,
      entry_id, generation, form, is_subject
    from unnest(${rows.map(({ owner }) => owner)}::bigint[], ${rows.map(({ is_adverse: is }) => is)}::boolean[],
      ${rows.map(({ entry_id: id }) => id)}::bigint[], ${rows.map(({ generation }) => generation)}::smallint[],
      ${rows.map(({ form }) => form)}::text[], ${rows.map(({ is_subject: is }) => is)}::boolean[])
      with ordinality as mark (owner, is_adverse, entry_id, generation, form, is_subject, n)`.execute(tx)
}

export async function prefixInsert(tx: Tx, prefixes: readonly string[]): Promise<void> {
  await sql`insert into risk_prefix select unnest(${prefixes}::text[]) on conflict do nothing`.execute(tx)
}

/**
 * Notes, for every adverse entry of these subjects, until when two parties list it, and until when marks are found by others than
 * their owners. Sandboxes are nobody's opinion; what the house allows, it allows everybody.
 */
export async function entryCorroborate(tx: Tx, subjects: readonly number[]): Promise<void> {
  await sql`
    with hit as (
      select e.id, e.subject, s.party, e.expires_at
      from risk_entry e join risk_source s on s.id = e.source_id
      where e.subject = any(${subjects}) and e.kind = 'adverse' and not e.is_sandbox),
    opinion as (
      select subject, max(expires_at) as until,
        row_number() over (partition by subject order by max(expires_at) desc, party) as place
      from hit group by subject, party)
    update risk_entry e set corroborated_until = second.until
    from hit left join opinion second on second.subject = hit.subject and second.place = 2
    where e.id = hit.id and e.corroborated_until is distinct from second.until`.execute(tx)
  await sql`
    update risk_mark m set shared_until = e.until
    from (
      select id, case when corroborated_until is not null then least(corroborated_until, expires_at)
        when kind = 'allowed' and owner = 0 then expires_at end as until
      from risk_entry where subject = any(${subjects})) e
    where m.entry_id = e.id and m.shared_until is distinct from e.until`.execute(tx)
}

export type FoundEntry = Omit<EntryRow, 'subject' | 'source_id' | 'rule_version'> & {
  source: string
  party: string
  confidence: number
}

const FOUND = sql.raw(`e.id, e.owner, e.kind, e.type, e.reason_code, e.reason, e.details, e.evidence, e.hint,
  e.first_seen::text as first_seen, e.seen_at, e.listed_at, e.expires_at, e.corroborated_until, e.disputed_at, e.is_sandbox,
  s.name as source, s.party, s.confidence`)

/** Every entry of a subject, oldest first: of this owner, or of all. */
export async function entryListOf(db: Db, subject: number, owner: number | null): Promise<FoundEntry[]> {
  const { rows } = await sql<FoundEntry>`
    select ${FOUND} from risk_entry e join risk_source s on s.id = e.source_id
    where e.subject = ${subject} and (${owner}::bigint is null or e.owner = ${owner})
    order by e.id`.execute(db)
  return rows
}

/** A page of the entries of an owner, newest first. */
export async function entryPage(
  db: Db,
  { owner, before, limit }: { owner: number; before: number | null; limit: number },
): Promise<FoundEntry[]> {
  const { rows } = await sql<FoundEntry>`
    select ${FOUND} from risk_entry e join risk_source s on s.id = e.source_id
    where e.owner = ${owner} and (${before}::bigint is null or e.id < ${before})
    order by e.id desc limit ${limit}`.execute(db)
  return rows
}

export async function entryLockById(tx: Tx, ids: readonly number[]): Promise<EntryRow[]> {
  const { rows } = await sql<EntryRow>`
    select *, first_seen::text as first_seen from risk_entry where id = any(${ids}) order by id for update`.execute(tx)
  return rows
}

/** Deletes entries that have ended, at most so many; answers which. */
export async function entryPurge(tx: Tx, at: Date, limit: number): Promise<{ id: number; subject: number }[]> {
  const { rows } = await sql<{ id: number; subject: number }>`
    delete from risk_entry where id in (
      select id from risk_entry where expires_at <= ${at} order by expires_at limit ${limit})
    returning id, subject`.execute(tx)
  await markDelete(
    tx,
    rows.map(({ id }) => id),
  )
  return rows
}

/** Deletes entries with their marks, leaving a proof of each. */
export async function entryErase(
  tx: Tx,
  ids: readonly number[],
  { at, actor, why }: { at: Date; actor: string; why: string },
): Promise<void> {
  await sql`
    with gone as (delete from risk_entry where id = any(${ids}) returning *)
    insert into risk_erasure (entry_id, owner, type, reason_code, source_id, listed_at, erased_at, actor, why)
    select id, owner, type, reason_code, source_id, listed_at, ${at}::timestamptz, ${actor}, ${why} from gone`.execute(
    tx,
  )
  await markDelete(tx, ids)
}

async function markDelete(tx: Tx, entryIds: readonly number[]): Promise<void> {
  await sql`delete from risk_mark where entry_id = any(${entryIds})`.execute(tx)
}

/** Deletes everything that is listed, by whatever keys, leaving a proof of each; answers how many there were. */
export async function entryEraseAll(
  tx: Tx,
  { at, actor, why }: { at: Date; actor: string; why: string },
): Promise<number> {
  const { numAffectedRows } = await sql`
    insert into risk_erasure (entry_id, owner, type, reason_code, source_id, listed_at, erased_at, actor, why)
    select id, owner, type, reason_code, source_id, listed_at, ${at}::timestamptz, ${actor}, ${why} from risk_entry`.execute(
    tx,
  )
  for (const table of ['risk_mark', 'risk_prefix', 'risk_entry']) await sql`delete from ${sql.table(table)}`.execute(tx)
  return Number(numAffectedRows)
}

export async function entryCount(db: Db): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*)::int as count from risk_entry`.execute(db)
  return rows[0]!.count
}

export async function entryDispute(tx: Tx, ids: readonly number[], at: Date | null): Promise<void> {
  await sql`update risk_entry set disputed_at = ${at} where id = any(${ids})`.execute(tx)
}
