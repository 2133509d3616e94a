import type pg from 'pg'

/** The class of the advisory locks by which processes show that they live. Also known to migrations. */
const LIFE_LOCK = 731_905_010

/** A number that no other living process has. */
export async function instanceNext(client: pg.ClientBase): Promise<number> {
  const { rows } = await client.query<{ number: string | number }>(`select nextval('instance_number') as number`)
  return Number(rows[0]!.number)
}

/** Shows that the process of this number lives, until the session ends. Shared, as a new session may come before the old one is gone. */
export async function instanceHold(client: pg.ClientBase, instance: number): Promise<void> {
  await client.query('select pg_try_advisory_lock_shared($1, $2)', [LIFE_LOCK, instance])
}

/** The numbers of all living processes, smallest first. */
export async function instanceList(client: pg.ClientBase): Promise<number[]> {
  const { rows } = await client.query<{ number: string | number }>(
    `select distinct l.objid::bigint as number from pg_locks l
     where l.locktype = 'advisory' and l.classid::bigint = $1 and l.objsubid = 2 and l.granted
       and l.database = (select oid from pg_database where datname = current_database())
     order by 1`,
    [LIFE_LOCK],
  )
  return rows.map(({ number }) => Number(number))
}
