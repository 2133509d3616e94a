import { join } from 'node:path'
import type pg from 'pg'
import type { Keyring } from './access/keys/keyring.ts'
import { accessEpoch } from './access/keys/keys.sql.ts'
import type { IdTokens } from './access/keys/oidc-tokens.ts'
import type { AddressWindows } from './access/limits/addresses.ts'
import { openLeases, type Leases } from './access/limits/leases.ts'
import type { LimitStore, Share } from './access/limits/limit-store.ts'
import { memoryStore } from './access/limits/memory-store.ts'
import { openSettler, type Settler } from './access/usage/settle.ts'
import { openUsageWriter, type UsageWriter } from './access/usage/writer.ts'
import type { Config } from './config.ts'
import { fileBlobs, type Blobs } from './lib/blobs.ts'
import { s3Blobs } from './lib/blobs-s3.ts'
import { systemClock, type Clock } from './lib/clock.ts'
import { openDb, type Connection, type Db } from './lib/db/db.ts'
import { startEmbedded } from './lib/db/embedded.ts'
import { MIGRATIONS } from './lib/db/folder.ts'
import { instanceHold, instanceList, instanceNext } from './lib/db/instances.sql.ts'
import { migrate, requireCurrent } from './lib/db/migrate.ts'
import { requireServer } from './lib/db/require-server.ts'
import { watch, type Watch } from './lib/db/watch.ts'
import { OperatorError } from './lib/errors.ts'
import { loadHttp, openGuardedHttp, openHttp } from './lib/http-client.ts'
import type { GuardedHttp, Http, HttpFiles } from './lib/http.ts'
import { systemRandom, type Random } from './lib/ids.ts'
import { openLog, type Log } from './lib/log.ts'
import { openMessenger, type Messenger } from './lib/messenger.ts'
import { openWorkers, type Workers } from './lib/workers.ts'
import type { PaymentProvider } from './money/ledger/payments.ts'
import { planEpoch } from './money/plans/plans.sql.ts'
import { settleRefreshes } from './products/catalog/catalog.ts'
import { catalogEpochs } from './products/catalog/catalog.sql.ts'
import type { Draw } from './products/media/media.ts'
import type { SearchNode } from './products/search/node.ts'
import { openSearchNode } from './products/search/open-node.ts'
import { searchEpoch } from './products/search/spaces.sql.ts'
import { openSources } from './products/sources/open.ts'
import type { Source } from './products/sources/source.ts'
import { givenKeys, keyFile } from './risk/keys/key-store.ts'
import { openLookups, type Lookups } from './risk/list/lookups.ts'
import { openRiskKeys, type RiskKeys } from './risk/list/generations.ts'
import { emptyPrintedCache, type PrintedCache } from './surfaces/printed.ts'

/**
 * `access`: grows when any key changes. `plans`: when any account's plan does. `catalog`: by shard, when a product of that
 * shard changes. `search`: when what pictures are found by does. `instances`: the numbers of the serving processes that live.
 */
export type Watched = {
  access: number
  plans: number
  catalog: readonly number[]
  search: number
  instances: readonly number[]
}

/** Everything that the code may touch of the outside world. Tests replace single members. */
export type Ctx = {
  config: Config
  clock: Clock
  random: Random
  db: Db
  connection: Connection
  /** For the operator's own addresses: sources, translation, S3. */
  http: Http
  /** For addresses that callers give or cause: public hosts only, each resolved address vetted. */
  guardedHttp: GuardedHttp
  blobs: Blobs
  /** Threads for pictures. */
  workers: Workers
  /** What searches by picture ask; a server starts it. */
  search: SearchNode
  log: Log
  sources: Source[]
  /** Takes shoppers' payments; null: wallets are filled by staff alone. */
  payments: PaymentProvider | null
  /** Draws a picture of the demo catalogue by its name; null where nobody looks at pictures. */
  draw: Draw | null
  /** Principals that this node has seen lately. */
  keyring: Keyring
  /** ID tokens, which some routes take in the place of a key; null: none. */
  idTokens: IdTokens | null
  addressWindows: AddressWindows
  /** Second and minute windows. */
  limits: LimitStore
  /** Day and month units that this node has drawn. */
  leases: Leases
  /** Priced calls. */
  settler: Settler
  /** Calls that are counted behind their answers. */
  usage: UsageWriter
  /** Aborts when this ctx is being closed: work behind answers ends then. */
  closing: AbortSignal
  /** The number of this process among those that serve the same database. */
  instance: number
  printed: PrintedCache
  /** What other processes change and this one must know of within a second. */
  watch: Watch<Watched>
  /** Sends messages to persons; null: nobody does. */
  messenger: Messenger | null
  /** The keys of the risk list. */
  riskKeys: RiskKeys
  /** What asks the risk list. */
  riskLookups: Lookups
  /** Where answers tell callers to find us: PUBLIC_URL, else the address listened on. */
  publicUrl: string
}

/** How long giving up an unfinished start may take. */
const GIVE_UP_MS = 5_000

/**
 * The database that the settings name, started when it is the embedded one. `leave` stops it if nobody else uses it. Throws
 * an `OperatorError` when it cannot be had.
 */
export async function openDatabase(
  config: Config,
  log: Log,
): Promise<{ connection: Connection; leave(): Promise<void> }> {
  if (config.databaseUrl !== null) {
    const connection = { connectionString: config.databaseUrl }
    await requireServer(connection)
    return { connection, leave: async () => {} }
  }
  return startEmbedded({ dataDir: config.dataDir, log })
}

/**
 * Opens everything. An embedded database is brought to this version; a server's must be current, as several versions may
 * share it (`OperatorError` with the remedy). `isNode`: this process serves, so that others know of it and share limits
 * with it. `close` gives back in the reverse order.
 */
export async function openCtx(
  config: Config,
  log: Log = openLog(config.logLevel),
  { isNode = false }: { isNode?: boolean } = {},
): Promise<Ctx & { close(): Promise<void> }> {
  const database = await openDatabase(config, log)
  const { connection } = database
  const opened: (() => Promise<unknown>)[] = [() => database.leave()]
  const close = async () => {
    const faults: unknown[] = []
    // One that fails must not keep the others, least of all the database.
    for (const give of opened.toReversed()) await give().catch((error: unknown) => faults.push(error))
    if (faults.length > 0) throw faults[0]
  }
  try {
    if (config.databaseUrl === null) await migrate(connection, MIGRATIONS, log)
    const { db, close: closeDb } = openDb(connection, { log })
    opened.push(closeDb)
    if (config.databaseUrl !== null) await requireCurrent(db, MIGRATIONS)
    const clock = systemClock
    const { watch: watched, instance } = await openWatch({ connection, clock, log, isNode })
    opened.push(() => watched.stop())
    if (isNode) await loadHttp()
    const http = openHttp()
    const guardedHttp = openGuardedHttp()
    opened.push(
      () => http.close(),
      () => guardedHttp.close(),
    )
    const closing = new AbortController()
    const parts = { config, clock, db, connection, http, guardedHttp, log, watch: watched, instance }
    const ctx = await assembleCtx({ ...parts, closing: closing.signal })
    opened.push(() => {
      closing.abort()
      return settleCtx(ctx)
    })
    return Object.assign(ctx, { close })
  } catch (error) {
    await close()
    throw error
  }
}

/** Follows what other processes change. The number of this process is 0 unless it is a node. */
export async function openWatch(options: {
  connection: Connection
  clock: Clock
  log: Log
  isNode: boolean
}): Promise<{ watch: Watch<Watched>; instance: number }> {
  let instance = 0
  const hold = async (client: pg.Client) => {
    if (instance === 0) instance = await instanceNext(client)
    await instanceHold(client, instance)
  }
  const watched = await watch({
    ...options,
    channel: 'epoch',
    ...(options.isNode && { hold }),
    read: readWatched,
  })
  return { watch: watched, instance }
}

async function readWatched(client: pg.ClientBase): Promise<Watched> {
  return {
    access: await accessEpoch(client),
    plans: await planEpoch(client),
    catalog: await catalogEpochs(client),
    search: await searchEpoch(client),
    instances: await instanceList(client),
  }
}

/** Where the settings want pictures kept. */
export function openBlobs({ config, http, clock }: Pick<Ctx, 'config' | 'clock'> & { http: HttpFiles }): Blobs {
  return config.s3 ? s3Blobs({ ...config.s3, http, clock }) : fileBlobs(join(config.dataDir, 'blobs'))
}

/** The rest of a ctx around its database. What few settings ask for is loaded with them, as every command waits for this. */
export async function assembleCtx(
  parts: Pick<
    Ctx,
    'config' | 'clock' | 'db' | 'connection' | 'guardedHttp' | 'log' | 'watch' | 'instance' | 'closing'
  > & { http: Http & HttpFiles },
): Promise<Ctx> {
  const { config, clock, db, connection, log } = parts
  const share = shareAmong(parts.watch, parts.instance)
  const workers = openWorkers()
  const riskKeys = openRiskKeys(
    config.risk.keys ? givenKeys(config.risk.keys) : keyFile({ dataDir: config.dataDir, random: systemRandom }),
  )
  return {
    ...parts,
    random: systemRandom,
    blobs: openBlobs(parts),
    workers,
    search: openSearchNode({ db, clock, log, workers, watch: parts.watch }),
    sources: openSources(config),
    payments: null,
    draw: null,
    keyring: new Map(),
    idTokens:
      config.oidc &&
      (await import('./access/keys/oidc-tokens.ts')).openIdTokens(config.oidc, { http: parts.http, clock, log }),
    addressWindows: new Map(),
    limits: config.valkeyUrl
      ? (await import('./access/limits/valkey-store.ts')).openValkeyStore({ url: config.valkeyUrl, clock, log, share })
      : memoryStore(clock, share),
    leases: openLeases({ db, clock, log }),
    settler: openSettler({ connection, clock, log, instance: parts.instance }),
    usage: openUsageWriter({ connection, clock, log }),
    messenger: config.risk.sender && openMessenger(parts.http, config.risk.sender),
    riskKeys,
    riskLookups: openLookups({ db, clock, riskKeys }),
    printed: emptyPrintedCache(),
    publicUrl: config.publicUrl ?? '',
  }
}

/** This node's place among the nodes that live, made anew only when they change. */
function shareAmong(watched: Watch<Watched>, instance: number): () => Share {
  let known: readonly number[] | null = null
  let share: Share = { nodes: 1, rank: 0 }
  return () => {
    const { instances } = watched.value
    if (instances !== known) {
      known = instances
      share = { nodes: Math.max(1, instances.length), rank: Math.max(0, instances.indexOf(instance)) }
    }
    return share
  }
}

/** Ends what is under way and writes what is still in memory, before the database goes. */
export async function settleCtx(ctx: Ctx): Promise<void> {
  await settleRefreshes(ctx)
  await ctx.settler.close()
  await ctx.leases.close()
  await ctx.limits.close()
  await ctx.usage.close()
  await ctx.search.close()
  await ctx.workers.close()
}

/**
 * `openCtx`, or null when `stopping` aborts first: then what was being opened is given back, and where that takes too
 * long, as on a database that hangs, the process ends.
 */
export async function openCtxUnless(
  stopping: AbortSignal,
  config: Config,
  log: Log,
  node: { isNode?: boolean } = {},
): Promise<(Ctx & { close(): Promise<void> }) | null> {
  const stopped = () => {
    setTimeout(() => process.exit(130), GIVE_UP_MS).unref()
  }
  stopping.addEventListener('abort', stopped)
  try {
    const ctx = await openCtx(config, log, node)
    if (!stopping.aborted) return ctx
    await ctx.close()
    return null
  } catch (error) {
    // A Ctrl-C in the terminal reaches what we had started too; its failure is no news.
    if (stopping.aborted) return null
    throw error
  } finally {
    stopping.removeEventListener('abort', stopped)
  }
}

/**
 * Runs one command against an opened ctx, and closes it whatever happens. `interrupted` aborts at the first Ctrl-C or
 * SIGTERM, so that long work can end where nothing is half done; short work just ends.
 */
export async function withCtx<T>(config: Config, run: (ctx: Ctx, interrupted: AbortSignal) => Promise<T>): Promise<T> {
  const interrupted = interruption()
  const log = openLog(config.logLevel === 'info' ? 'warn' : config.logLevel)
  const ctx = await openCtxUnless(interrupted, config, log)
  if (ctx === null) throw interrupted.reason
  try {
    return await run(ctx, interrupted)
  } finally {
    await ctx.close()
  }
}

/** Aborts at the first Ctrl-C or SIGTERM; a second one ends the process at once. */
export function interruption(): AbortSignal {
  const stopping = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      process.once(signal, () => process.exit(130))
      stopping.abort(new OperatorError('Interrupted.'))
    })
  }
  return stopping.signal
}
