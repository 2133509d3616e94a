import { sql } from 'kysely'
import type { Db } from '../../lib/db/db.ts'

export type FindingRow = {
  kind: 'sum' | 'balance' | 'held' | 'captured' | 'reverse'
  subject: string
  is: number
  should: number
}

/** Every figure of the books beside what it should be, where the two differ, and the sum of each currency. One statement: one view. */
export async function bookFindings(db: Db): Promise<FindingRow[]> {
  const { rows } = await sql<FindingRow>`
    with entry as (
      select credit_id as id, sum(amount_minor) as minor from ledger_transfer group by 1
      union all
      select debit_id, -sum(amount_minor) from ledger_transfer group by 1
    ), entries as (
      select a.id, a.code, a.currency, a.balance_minor, a.held_minor, coalesce(e.minor, 0) as minor
      from ledger_account a left join (select id, sum(minor) as minor from entry group by id) e on e.id = a.id
    ), kept as (
      select account_id, sum(amount_minor - captured_minor) as minor from ledger_hold where state = 'open' group by 1
    ), captured as (
      select hold_id, sum(amount_minor) as minor from ledger_transfer where hold_id is not null group by 1
    )
    select 'sum' as kind, currency as subject, sum(coalesce(balance_minor, minor))::bigint as "is", 0::bigint as should
    from entries group by currency
    union all
    select 'balance', code, balance_minor, minor::bigint from entries where balance_minor <> minor
    union all
    select 'held', e.code, e.held_minor, coalesce(k.minor, 0)::bigint
    from entries e left join kept k on k.account_id = e.id where e.held_minor <> coalesce(k.minor, 0)
    union all
    select 'captured', h.name, h.captured_minor, coalesce(c.minor, 0)::bigint
    from ledger_hold h left join captured c on c.hold_id = h.id where h.captured_minor <> coalesce(c.minor, 0)
    union all
    select 'reverse', r.name, 0, t.amount_minor
    from ledger_transfer r join ledger_transfer t on t.id = r.reverses_id
    where (r.debit_id, r.credit_id, r.amount_minor) is distinct from (t.credit_id, t.debit_id, t.amount_minor)
      or t.reverses_id is not null
    order by 1, 2`.execute(db)
  return rows
}
