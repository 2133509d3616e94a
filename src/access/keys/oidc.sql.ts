import { sql } from 'kysely'
import type { Db, Tx } from '../../lib/db/db.ts'
import type { Identity } from './identity.ts'

/** Links an identity to an account; false when it is linked to one already. */
export async function oidcIdentityInsert(
  tx: Tx,
  { issuer, subject, accountId, at }: Identity & { accountId: number; at: Date },
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    insert into oidc_identity (issuer, subject, account_id, linked_at) values (${issuer}, ${subject}, ${accountId}, ${at})
    on conflict do nothing`.execute(tx)
  return numAffectedRows === 1n
}

/** The account that an identity is linked to, or null. */
export async function oidcIdentityAccount(db: Db, { issuer, subject }: Identity): Promise<number | null> {
  const { rows } = await sql<{ account_id: number }>`
    select account_id from oidc_identity where issuer = ${issuer} and subject = ${subject}`.execute(db)
  return rows[0]?.account_id ?? null
}

/** Takes the link of an identity to this account away; false when there is none. */
export async function oidcIdentityDelete(
  tx: Tx,
  { issuer, subject, accountId }: Identity & { accountId: number },
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    delete from oidc_identity
    where issuer = ${issuer} and subject = ${subject} and account_id = ${accountId}`.execute(tx)
  return numAffectedRows === 1n
}

/** Takes the links of all identities to this account away; answers what they were, by issuer and subject. */
export async function oidcIdentityDeleteAll(tx: Tx, accountId: number): Promise<Identity[]> {
  const { rows } = await sql<Identity>`
    with gone as (delete from oidc_identity where account_id = ${accountId} returning issuer, subject)
    select issuer, subject from gone order by issuer, subject`.execute(tx)
  return rows
}

/** The identities that are linked to an account, by issuer and subject. */
export async function oidcIdentityList(db: Db, accountId: number): Promise<(Identity & { linkedAt: Date })[]> {
  const { rows } = await sql<Identity & { linkedAt: Date }>`
    select issuer, subject, linked_at as "linkedAt" from oidc_identity
    where account_id = ${accountId} order by issuer, subject`.execute(db)
  return rows
}
