import type { Kysely, Transaction } from 'kysely'
import type pg from 'pg'

/** A database handle or an open transaction. Each noun adds its own tables: `db.withTables<Tables>()`. */
// oxlint-disable-next-line typescript/no-empty-object-type
export type Db = Kysely<{}>
// oxlint-disable-next-line typescript/no-empty-object-type
export type Tx = Transaction<{}>

/** Where a PostgreSQL server listens and who we are there; what `pg` takes. */
export type Connection = Pick<
  pg.ClientConfig,
  'connectionString' | 'host' | 'port' | 'user' | 'database' | 'password' | 'ssl'
>
