import assert from 'node:assert/strict'
import type { Ctx } from '../../ctx.ts'
import type { Db, Tx } from '../../lib/db/db.ts'
import { DomainError, OperatorError } from '../../lib/errors.ts'
import type { Random } from '../../lib/ids.ts'
import {
  generationAwaitWriters,
  generationForget,
  generationInsert,
  generationList,
  generationLock,
  generationSettle,
  generationShare,
  markListOld,
  markRewrap,
  type Generation,
} from './generations.sql.ts'
import { KEY_BYTES, type KeyStore } from '../keys/key-store.ts'
import { digestsOf, keyOf, proofOf, wrapped, type Ring } from '../keys/ring.ts'

/** The keys as this process knows them. */
export type RiskKeys = {
  /** Read when something is first asked of the list, and anew when another process has announced one. */
  known: Promise<Known> | null
  readonly store: KeyStore
}
export type Known = {
  /** Of every generation that is announced. */
  ring: Ring
  /** The oldest generation that marks may still be of. */
  oldest: number
}

type KeyCtx = Pick<Ctx, 'db' | 'riskKeys'>

const REWRAPPED_AT_ONCE = 2_000

export function openRiskKeys(store: KeyStore): RiskKeys {
  return { known: null, store }
}

/**
 * Makes and announces the first key where there is none. `isAlone`: no other process has ever had this database, so that keys
 * that are not here are lost. Answers what this process lacks of the keys, or null. Throws an `OperatorError` when those that are kept
 * are not those that the list was made with.
 */
export async function ensureKeys(
  ctx: KeyCtx & Pick<Ctx, 'clock' | 'random'>,
  { isAlone = false }: { isAlone?: boolean } = {},
): Promise<string | null> {
  const { store } = ctx.riskKeys
  return ctx.db.transaction().execute(async (tx) => {
    await generationLock(tx)
    const announced = await generationList(tx)
    const keys = await store.read()
    // A backup has no keys, and while nothing is listed none is missed.
    const isRestored = isAlone && announced.length > 0 && keys.length === 0
    const isFirst = announced.length === 0 || (isRestored && (await generationForget(tx)))
    if (!isFirst) {
      ringOf(store, keys, announced.slice(0, keys.length))
      return keys.length < announced.length ? lackOf(store, keys.length + 1) : null
    }
    const key = keys[0] ?? newKey(ctx.random)
    if (keys.length === 0) await store.add(key)
    await generationInsert(tx, { generation: 1, proof: proofOf(keyOf(key)), at: ctx.clock.now() })
    return null
  })
}

/**
 * Begins another generation and answers its number; look-ups and writes go on meanwhile, and `rewrapMarks` does the rest.
 * Throws an `OperatorError` while the one before is not settled.
 */
export async function rotateKey(ctx: KeyCtx & Pick<Ctx, 'clock' | 'random'>): Promise<number> {
  return ctx.db.transaction().execute(async (tx) => {
    await generationLock(tx)
    const announced = await generationList(tx)
    const last = announced.at(-1)
    if (!last) throw new OperatorError('There is no key yet; the first start makes one.')
    if (announced.length > 1 && last.settled_at === null) {
      throw new OperatorError(`Rows are still being wrapped by key ${last.generation}; wait for that to end.`)
    }
    const keys = await ctx.riskKeys.store.read()
    ringOf(ctx.riskKeys.store, keys, announced)
    const generation = last.generation + 1
    // One that is kept and was not announced comes from a rotation that was cut off, or from the operator.
    const key = keys[generation - 1] ?? newKey(ctx.random)
    if (keys.length < generation) await ctx.riskKeys.store.add(key)
    await generationInsert(tx, { generation, proof: proofOf(keyOf(key)), at: ctx.clock.now() })
    return generation
  })
}

/** The keys as far as this process knows them. Rejects with `busy` while it lacks one that is announced. */
export async function knownKeys(ctx: KeyCtx): Promise<Known> {
  ctx.riskKeys.known ??= readKnown(ctx).catch((error: unknown) => {
    ctx.riskKeys.known = null
    throw error
  })
  return ctx.riskKeys.known
}

/** The keys, read anew unless they are as many as `announced`. */
export async function freshKeys(ctx: KeyCtx, announced: number): Promise<Known> {
  const known = await knownKeys(ctx)
  if (known.ring.length >= announced) return known
  if (ctx.riskKeys.known && (await ctx.riskKeys.known) === known) ctx.riskKeys.known = null
  return knownKeys(ctx)
}

/** The digests that a text may stand under, by the generations that there may still be. */
export function probesOf({ ring, oldest }: Known, text: string): Buffer[] {
  return digestsOf(ring, text).slice(oldest - 1)
}

/**
 * A digest that stands for another one and that nobody can make without our keys, the same for as long as there are any: for what
 * is kept of requests. Rejects with `busy` as `knownKeys` does.
 */
export async function sealDigest(ctx: KeyCtx, digest: Buffer): Promise<Buffer> {
  const { ring } = await freshKeys(ctx, 1)
  const [sealed] = digestsOf(ring, `request\0${digest.toString('hex')}`)
  assert(sealed, 'the first start has made a key')
  return sealed
}

/** The keys to write by; marks that are written in this transaction are counted before a generation is settled. */
export async function writingKeys(ctx: KeyCtx, tx: Tx): Promise<Known> {
  // On this connection: others may be waiting for one that waits for its keys.
  return freshKeys({ ...ctx, db: tx }, await generationShare(tx))
}

/**
 * Wraps marks of older generations, a page at a time, and settles the newest when none is left; answers how many it wrapped.
 * Several nodes may do so at once, and nobody waits for it.
 */
export async function rewrapMarks(
  ctx: KeyCtx & Pick<Ctx, 'clock' | 'closing'>,
  onProgress: (count: number) => void = () => {},
): Promise<number> {
  const announced = await generationList(ctx.db)
  const newest = announced.at(-1)
  if (!newest || newest.settled_at !== null || announced.length < 2) return 0
  const { ring } = await freshKeys(ctx, newest.generation)
  // Who writes looks for a subject under the digests that they know, and would not find it once it is wrapped.
  await ctx.db.transaction().execute(generationAwaitWriters)
  let count = 0
  while (!ctx.closing.aborted) {
    const page = await rewrapPage(ctx.db, ring)
    count += page
    onProgress(count)
    if (page === 0) {
      await ctx.db.transaction().execute((tx) => generationSettle(tx, newest.generation, ctx.clock.now()))
      break
    }
  }
  return count
}

async function rewrapPage(db: Db, ring: Ring): Promise<number> {
  return db.transaction().execute(async (tx) => {
    const page = await markListOld(tx, ring.length, REWRAPPED_AT_ONCE)
    const rows = page.map((old) => {
      return { old, digest: wrapped(ring, old.digest, old.generation), generation: ring.length }
    })
    if (rows.length > 0) await markRewrap(tx, rows)
    return rows.length
  })
}

async function readKnown({ db, riskKeys }: KeyCtx): Promise<Known> {
  const announced = await generationList(db)
  const keys = await riskKeys.store.read()
  if (announced.length > keys.length) {
    const told = `This server lacks key ${keys.length + 1} of the risk list`
    throw new DomainError('busy', `${told}; try again in a moment.`, { retryAfterSeconds: 5 })
  }
  const settled = announced.findLast(({ settled_at: at }) => at !== null)
  return { ring: ringOf(riskKeys.store, keys, announced), oldest: settled?.generation ?? 1 }
}

function ringOf(store: KeyStore, keys: readonly Buffer[], announced: readonly Generation[]): Ring {
  return announced.map(({ generation, proof }) => {
    const bytes = keys[generation - 1]
    const key = bytes && keyOf(bytes)
    if (key && proofOf(key).equals(proof)) return key
    if (!key) throw new OperatorError(lackOf(store, generation))
    throw new OperatorError(`${store.place} has another key ${generation} than the risk list was made with; ${REMEDY}`)
  })
}

const REMEDY = 'put back the keys that it had, or give the list up with `risk forget-list`.'

function lackOf({ place }: KeyStore, generation: number): string {
  return `${place} lacks key ${generation} of the risk list; ${REMEDY}`
}

function newKey(random: Random): Buffer {
  return Buffer.from(random.bytes(KEY_BYTES))
}
