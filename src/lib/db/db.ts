import { Kysely, PostgresDialect, type Transaction } from 'kysely'
import pg from 'pg'
import { DomainError } from '../errors.ts'
import type { Log } from '../log.ts'

/** A database handle or an open transaction. Each noun adds its own tables: `db.withTables<Tables>()`. */
// oxlint-disable-next-line typescript/no-empty-object-type
export type Db = Kysely<{}>
// oxlint-disable-next-line typescript/no-empty-object-type
export type Tx = Transaction<{}>
/** What is written with a piece of work, in its transaction, once its result is known. What it throws undoes the work. */
export type Seal<T> = (tx: Tx, result: T) => Promise<void>

/** Where a PostgreSQL server listens and who we are there; what `pg` takes. */
export type Connection = Pick<
  pg.ClientConfig,
  'connectionString' | 'host' | 'port' | 'user' | 'database' | 'password' | 'ssl'
>

export type OpenOptions = {
  log: Log
  /** Connections at most; 10 unless given. */
  max?: number
  /** How the server's own lists name us. */
  name?: string
  statementTimeoutMs?: number
  /** Idle connections do not keep the process alive. For tests and one-off commands. */
  exitWhenIdle?: boolean
}

export type Opened = { db: Db; pool: pg.Pool; close(): Promise<void> }

const LIMITS = { statement_timeout: 5_000, lock_timeout: 2_000, idle_in_transaction_session_timeout: 10_000 }
const BUSY_MS = 1_000

/**
 * Opens a pool and Kysely on it; connects at the first query. A statement has 5 s, a lock 2 s, an idle transaction 10 s.
 * When no connection is to be had within a second, or the server is away, both reject with `DomainError('busy')`. bigint
 * comes as a number (a value beyond 2^53 throws), timestamptz as a Date, numeric and date as text.
 */
export function openDb(connection: Connection, options: OpenOptions): Opened {
  const { log } = options
  const pool = new BusyPool({
    ...connection,
    ...LIMITS,
    statement_timeout: options.statementTimeoutMs ?? LIMITS.statement_timeout,
    options: '-c TimeZone=UTC',
    application_name: options.name ?? 'openhaul',
    max: options.max ?? 10,
    connectionTimeoutMillis: BUSY_MS,
    allowExitOnIdle: options.exitWhenIdle ?? false,
    types,
  })
  let closed: Promise<void> | null = null
  // The message alone: the error of a lost connection carries the whole client.
  pool.on('error', ({ message }) => {
    if (closed === null) log.warn({ reason: message }, `An idle database connection was lost: ${message}`)
  })
  // A client that fails while it is lent out tells its borrower by rejecting; unheard, the event would end the process.
  pool.on('connect', (client) => client.on('error', () => {}))

  const db: Db = new Kysely({ dialect: new PostgresDialect({ pool }) })
  return { db, pool, close: () => (closed ??= db.destroy()) }
}

/**
 * Connects one client outside any pool, with the same types and limits (0 for a limit switches it off). `onLost` is
 * called once when the connection breaks; not after `end()`.
 */
export async function openDedicated(
  connection: Connection,
  options: { name?: string; limits?: Partial<typeof LIMITS>; onLost?: (error: Error) => void } = {},
): Promise<pg.Client> {
  const client = new pg.Client({
    ...connection,
    ...LIMITS,
    ...options.limits,
    options: '-c TimeZone=UTC',
    application_name: options.name ?? 'openhaul',
    connectionTimeoutMillis: 5_000,
    types,
  })
  let lost: Error | null = null
  client.on('error', (error) => {
    if (lost === null) options.onLost?.(error)
    lost ??= error
  })
  await client.connect()
  return client
}

/**
 * A handle on one connection, for work that must be done in this very session, such as under a lock that it holds. Statements and
 * transactions wait for each other; they reject when the connection is lost.
 */
export function dbOn(client: pg.Client): Db {
  let last = Promise.resolve()
  const pool = {
    async connect() {
      const before = last
      const { promise, resolve } = Promise.withResolvers<void>()
      last = before.then(() => promise)
      await before
      return { query: client.query.bind(client), release: () => resolve() }
    },
    end: async () => {},
    options: {},
  }
  return new Kysely({ dialect: new PostgresDialect({ pool }) })
}

class BusyPool extends pg.Pool {
  override connect(): Promise<pg.PoolClient>
  override connect(callback: Parameters<pg.Pool['connect']>[0]): void
  override connect(callback?: Parameters<pg.Pool['connect']>[0]): Promise<pg.PoolClient> | void {
    if (!callback) return super.connect().catch((error: Error) => Promise.reject(busyWhenPassing(error)))
    super.connect((error, client, done) => callback(error && busyWhenPassing(error), client, done))
  }
}

/** A full pool, and a server that hangs. */
const TOO_LATE = /timeout exceeded when trying to connect|Connection terminated due to connection timeout/
/**
 * Nobody listens (a socket's path then is missing), or the server ends, starts or has too many connections: it may be back
 * in a moment. Only for connecting, where nothing was asked of it yet.
 */
const AWAY = new Set(['ECONNREFUSED', 'ENOENT', 'ECONNRESET', '57P01', '57P03', '53300'])

function busyWhenPassing(error: Error): Error {
  if (!TOO_LATE.test(error.message) && !AWAY.has((error as NodeJS.ErrnoException).code ?? '')) return error
  return new DomainError(
    'busy',
    'The server is busy; try again in a moment.',
    { retryAfterSeconds: 1 },
    { cause: error },
  )
}

const { INT8, DATE } = pg.types.builtins
const INT8_ARRAY = 1016
const arrayParser = pg.types.getTypeParser as unknown as (oid: number, format: string) => (text: string) => unknown[]
const parsers = new Map<number, (text: string) => unknown>([
  [INT8, safeInteger],
  // As text: a Date would be midnight in this machine's own time zone.
  [DATE, (text) => text],
  [INT8_ARRAY, (text) => numbers(arrayParser(INT8_ARRAY, 'text')(text))],
])

const types = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    (format !== 'binary' && parsers.get(oid)) || pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
}

function safeInteger(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new RangeError(`bigint out of safe range: ${text}`)
  return value
}

function numbers(list: unknown[]): unknown[] {
  return list.map((each) => (Array.isArray(each) ? numbers(each) : typeof each === 'string' ? safeInteger(each) : each))
}
