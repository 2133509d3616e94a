import type pg from 'pg'

/** The embedded server's one role and database; the lock of its processes is held in `MAINTENANCE_DATABASE`. */
export const ROLE = 'openhaul'
export const DATABASE = 'openhaul'
export const MAINTENANCE_DATABASE = 'postgres'

/** Shared by every process that uses the embedded server, exclusive to the one that stops it. */
const PRESENCE_LOCK = 731_905_001
const CREATE_LOCK = 731_905_002

type Runner = Pick<pg.ClientBase, 'query'>

/** The folder of the cluster that this server serves. */
export async function serverDataDirectory(client: Runner): Promise<string> {
  const { rows } = await client.query<{ data_directory: string }>('show data_directory')
  return rows[0]!.data_directory
}

/** False while another process stops the server. */
export async function presenceTake(client: Runner): Promise<boolean> {
  return isTrue(await client.query('select pg_try_advisory_lock_shared($1) as yes', [PRESENCE_LOCK]))
}

/** Gives up our presence; true when nobody else is present, and then nobody can join until the session ends. */
export async function presenceLeave(client: Runner): Promise<boolean> {
  await client.query('select pg_advisory_unlock_shared($1)', [PRESENCE_LOCK])
  return isTrue(await client.query('select pg_try_advisory_lock($1) as yes', [PRESENCE_LOCK]))
}

function isTrue({ rows }: { rows: unknown[] }): boolean {
  return (rows[0] as { yes: boolean }).yes
}

/** Makes the database on a new cluster; two processes may ask at the same moment. */
export async function databaseEnsure(client: Runner): Promise<void> {
  const exists = async () => {
    const { rows } = await client.query('select from pg_database where datname = $1', [DATABASE])
    return rows.length > 0
  }
  if (await exists()) return
  await client.query('select pg_advisory_lock($1)', [CREATE_LOCK])
  if (!(await exists())) await client.query(`create database ${DATABASE}`)
  await client.query('select pg_advisory_unlock($1)', [CREATE_LOCK])
}
