import { sql } from 'kysely'
import type { Db, Tx } from '../../lib/db/db.ts'
import type { Currency } from './accounts.ts'
import type { HoldState } from './decide.ts'

export type AccountRow = {
  id: number
  code: string
  currency: Currency
  balance_minor: number | null
  held_minor: number
}

export async function ledgerAccountInsert(tx: Tx, accounts: { code: string; currency: Currency }[]): Promise<void> {
  await sql`
    insert into ledger_account (code, currency, balance_minor)
    select code, currency, 0
    from jsonb_to_recordset(${JSON.stringify(accounts)}::jsonb) as fresh (code text, currency text)`.execute(tx)
}

/** The accounts of these codes. A customer's is locked until the transaction ends, in the order of ids; the system's are not. */
export async function ledgerAccountLock(tx: Tx, codes: readonly string[]): Promise<AccountRow[]> {
  const { rows } = await sql<AccountRow>`
    with locked as (
      select id, code, currency, balance_minor, held_minor from ledger_account
      where code = any(${codes}::text[]) and balance_minor is not null
      order by id for update
    )
    select * from locked
    union all
    select id, code, currency, balance_minor, held_minor from ledger_account
    where code = any(${codes}::text[]) and balance_minor is null`.execute(tx)
  return rows
}

/** What an account has: a system account's balance is the sum of its entries. */
/** The id of the account of this code, which is there. */
export async function ledgerAccountId(db: Db, code: string): Promise<number> {
  const { rows } = await sql<{ id: number }>`select id from ledger_account where code = ${code}`.execute(db)
  return rows[0]!.id
}

export async function ledgerAccountBalance(
  db: Db,
  code: string,
): Promise<{ balance_minor: number; held_minor: number } | null> {
  const { rows } = await sql<{ balance_minor: number; held_minor: number }>`
    select held_minor, coalesce(balance_minor,
      (select coalesce(sum(amount_minor), 0)::bigint from ledger_transfer where credit_id = a.id)
        - (select coalesce(sum(amount_minor), 0)::bigint from ledger_transfer where debit_id = a.id)) as balance_minor
    from ledger_account a where code = ${code}`.execute(db)
  return rows[0] ?? null
}

export type TransferRow = {
  id: number
  name: string
  debit: string
  credit: string
  amount_minor: number
  reason: string
  at: Date
  /** Names: of the hold that it captures, of the transfer that it undoes, of the one that undid it. */
  hold: string | null
  reverses: string | null
  reversed_by: string | null
}

const TRANSFERS = sql`
  select t.id, t.name, d.code as debit, c.code as credit, t.amount_minor, t.reason, t.at,
    h.name as hold, r.name as reverses, u.name as reversed_by
  from ledger_transfer t
  join ledger_account d on d.id = t.debit_id
  join ledger_account c on c.id = t.credit_id
  left join ledger_hold h on h.id = t.hold_id
  left join ledger_transfer r on r.id = t.reverses_id
  left join ledger_transfer u on u.reverses_id = t.id`

export async function transferByName(db: Db, name: string): Promise<TransferRow | null> {
  const { rows } = await sql<TransferRow>`${TRANSFERS} where t.name = ${name}`.execute(db)
  return rows[0] ?? null
}

/** Transfers from or to an account, newest first, from before the id `beforeId` when one is given. */
export async function transferList(
  db: Db,
  page: { code: string; beforeId: number | null; limit: number },
): Promise<TransferRow[]> {
  const before = page.beforeId === null ? sql`` : sql`and id < ${page.beforeId}`
  const side = (column: 'debit_id' | 'credit_id') => sql`
    (select id from ledger_transfer
     where ${sql.ref(column)} = (select id from ledger_account where code = ${page.code}) ${before}
     order by id desc limit ${page.limit})`
  const { rows } = await sql<TransferRow>`
    ${TRANSFERS} where t.id in (${side('debit_id')} union all ${side('credit_id')})
    order by t.id desc limit ${page.limit}`.execute(db)
  return rows
}

/**
 * Writes a transfer and moves its amount, and takes `unheldMinor` off what the payer holds. False, and nothing done, when
 * the name is taken or what it undoes is undone. The customers' accounts are locked.
 */
export async function transferInsert(
  tx: Tx,
  row: {
    name: string
    debitId: number
    creditId: number
    amountMinor: number
    reason: string
    at: Date
    reversesId: number | null
    holdId: number | null
    unheldMinor: number
  },
): Promise<boolean> {
  const { rows } = await sql`
    with made as (
      insert into ledger_transfer (name, debit_id, credit_id, amount_minor, reason, at, reverses_id, hold_id)
      values (${row.name}, ${row.debitId}, ${row.creditId}, ${row.amountMinor}, ${row.reason}, ${row.at},
        ${row.reversesId}, ${row.holdId})
      on conflict do nothing returning id
    ), paid as (
      update ledger_account set
        balance_minor = balance_minor + case when id = ${row.debitId} then -1 else 1 end * ${row.amountMinor}::bigint,
        held_minor = held_minor - case when id = ${row.debitId} then ${row.unheldMinor}::bigint else 0 end
      where id in (${row.debitId}, ${row.creditId}) and balance_minor is not null and exists (select from made)
    )
    select id from made`.execute(tx)
  return rows.length === 1
}

export type HoldRow = {
  id: number
  name: string
  account: string
  amount_minor: number
  captured_minor: number
  state: HoldState
  placed_at: Date
  expires_at: Date | null
  closed_at: Date | null
}

const HOLDS = sql`
  select h.id, h.name, a.code as account, h.amount_minor, h.captured_minor, h.state, h.placed_at, h.expires_at, h.closed_at
  from ledger_hold h join ledger_account a on a.id = h.account_id`

export async function holdByName(db: Db, name: string): Promise<HoldRow | null> {
  const { rows } = await sql<HoldRow>`${HOLDS} where h.name = ${name}`.execute(db)
  return rows[0] ?? null
}

export async function holdListByName(db: Db, names: readonly string[]): Promise<HoldRow[]> {
  const { rows } = await sql<HoldRow>`${HOLDS} where h.name = any(${names})`.execute(db)
  return rows
}

/** Open holds that are due, longest due first. */
export async function holdListDue(db: Db, at: Date, limit: number): Promise<HoldRow[]> {
  const { rows } = await sql<HoldRow>`
    ${HOLDS} where h.state = 'open' and h.expires_at <= ${at} order by h.expires_at, h.id limit ${limit}`.execute(db)
  return rows
}

/** Keeps parts of a locked account's balance, and answers how many: those whose name is taken are not among them. */
export async function holdInsert(
  tx: Tx,
  {
    accountId,
    holds,
    at,
    expiresAt,
  }: {
    accountId: number
    holds: readonly { name: string; amountMinor: number }[]
    at: Date
    expiresAt: Date | null
  },
): Promise<number> {
  const { rows } = await sql`
    with made as (
      insert into ledger_hold (name, account_id, amount_minor, placed_at, expires_at)
      select name, ${accountId}::bigint, amount, ${at}::timestamptz, ${expiresAt}::timestamptz
      from unnest(${holds.map(({ name }) => name)}::text[], ${holds.map(({ amountMinor }) => amountMinor)}::bigint[])
        as hold (name, amount)
      on conflict do nothing returning amount_minor
    ), kept as (
      update ledger_account set held_minor = held_minor + (select sum(amount_minor) from made)::bigint
      where id = ${accountId} and exists (select from made)
    )
    select amount_minor from made`.execute(tx)
  return rows.length
}

/** What a capture makes of an open hold. False when it is not as it was decided on. */
export async function holdCapture(
  tx: Tx,
  row: { id: number; fromCapturedMinor: number; capturedMinor: number; state: HoldState; at: Date },
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update ledger_hold set captured_minor = ${row.capturedMinor}, state = ${row.state},
      closed_at = ${row.state === 'open' ? null : row.at}
    where id = ${row.id} and state = 'open' and captured_minor = ${row.fromCapturedMinor}`.execute(tx)
  return numAffectedRows === 1n
}

/** Ends an open hold and releases what it keeps. False when it is not as it was decided on. */
export async function holdRelease(
  tx: Tx,
  row: { id: number; fromCapturedMinor: number; state: 'voided' | 'expired'; unheldMinor: number; at: Date },
): Promise<boolean> {
  const { rows } = await sql`
    with ended as (
      update ledger_hold set state = ${row.state}, closed_at = ${row.at}
      where id = ${row.id} and state = 'open' and captured_minor = ${row.fromCapturedMinor}
      returning account_id
    ), released as (
      update ledger_account set held_minor = held_minor - ${row.unheldMinor}
      where id = (select account_id from ended)
    )
    select account_id from ended`.execute(tx)
  return rows.length === 1
}
