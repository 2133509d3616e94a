import { sql, type RawBuilder } from 'kysely'
import type { Db, Tx } from '../../lib/db/db.ts'

export type CodeLimit = { max: number; windowMs: number }
/** What codes are counted by: whom they are sent to, who asks for them, and all of them. */
export type Counted = 'mailbox' | 'caller' | 'all'

/** Lets one at a time ask for codes, until the transaction ends. */
export async function codeLock(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('risk codes', 0))`.execute(tx)
}

/** When the code was sent that has to grow older than the limit's window for there to be room for another; null where there is. */
export async function codeFilling(
  tx: Tx,
  asked: { digests: readonly Buffer[]; callers: readonly Buffer[]; at: Date },
  limits: Readonly<Record<Counted, CodeLimit>>,
): Promise<Record<Counted, Date | null>> {
  const filling = (which: RawBuilder<unknown>, { max, windowMs }: CodeLimit) => sql`(
    select sent_at from risk_code where ${which} and sent_at > ${new Date(asked.at.getTime() - windowMs)}
    order by sent_at desc offset ${max - 1} limit 1)`
  const { rows } = await sql<Record<Counted, Date | null>>`
    select ${filling(sql`digest = any(${asked.digests}::bytea[])`, limits.mailbox)} as mailbox,
      ${filling(sql`caller_digest = any(${asked.callers}::bytea[])`, limits.caller)} as caller,
      ${filling(sql`true`, limits.all)} as "all"`.execute(tx)
  return rows[0]!
}

export async function codeInsert(
  tx: Tx,
  row: { digest: Buffer; caller_digest: Buffer; code_digest: Buffer; sent_at: Date; ends_at: Date },
): Promise<void> {
  await sql`
    insert into risk_code (digest, caller_digest, code_digest, sent_at, ends_at)
    values (${row.digest}, ${row.caller_digest}, ${row.code_digest}, ${row.sent_at}, ${row.ends_at})`.execute(tx)
}

/** Uses a code, which is none from here on, and puts a token in its place; false when it is used, over or none. */
export async function codeUse(
  tx: Tx,
  code: { digests: readonly Buffer[]; at: Date },
  token: { digest: Buffer; endsAt: Date; subject: number | null },
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update risk_code
    set used_at = ${code.at}, token_digest = ${token.digest}, token_ends_at = ${token.endsAt}, subject = ${token.subject}
    where code_digest = any(${code.digests}::bytea[]) and used_at is null and ends_at > ${code.at}`.execute(tx)
  return numAffectedRows === 1n
}

/** Takes a token, which is none from here on; null when it is none already. */
export async function codeTakeToken(tx: Tx, tokenDigest: Buffer, at: Date): Promise<{ subject: number | null } | null> {
  const { rows } = await sql<{ subject: number | null }>`
    update risk_code set token_digest = null
    where token_digest = ${tokenDigest} and token_ends_at > ${at} returning subject`.execute(tx)
  return rows[0] ?? null
}

/** Deletes codes that ended before a time, their tokens too; answers how many. */
export async function codeDeleteEnded(db: Db, before: Date): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from risk_code where ends_at < ${before} and coalesce(token_ends_at, ends_at) < ${before}`.execute(db)
  return Number(numAffectedRows)
}
