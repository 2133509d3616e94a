import { hash } from 'node:crypto'
import type { Db, Tx } from '../../lib/db/db.ts'
import { DomainError } from '../../lib/errors.ts'
import {
  idempotencyBySlot,
  idempotencyCharge,
  idempotencyFinish,
  idempotencyForget,
  idempotencyInsert,
  idempotencyPurge,
  idempotencyRelease,
  idempotencyReleaseClaim,
  idempotencyTakeOver,
  type IdempotencyRow,
} from './idempotency.sql.ts'

const KEPT_MS = 24 * 60 * 60 * 1000
const PURGED_AT_ONCE = 5_000
/** Deeper than any body that a route accepts. */
const DEPTH_MAX = 64

export type Claim = {
  /** A sandbox is an account of its own, so a key means one thing in each mode. */
  accountId: number
  /** Method and route, such as `POST /api/v1/item`. */
  route: string
  key: string
  fingerprint: Buffer
  /** The number of this process. */
  instance: number
  now: Date
  /**
   * The numbers of the processes that live. Asked only after a row was seen that another works on: a list from before
   * would miss a process that began since, and its work would be done twice.
   */
  aliveInstances: () => Promise<readonly number[]>
}

export type Claimed =
  /** Nobody did this before: do it, then `finish` or `release` it. */
  | { kind: 'new'; id: number }
  /** It was left undone by a process that is dead; `charge` names what paid for it already. Otherwise as `new`. */
  | { kind: 'resumed'; id: number; charge: string | null }
  | { kind: 'replay'; status: number; body: string }
  | { kind: 'running' }
  | { kind: 'other_request' }

/**
 * Asks for the right to do a request under its idempotency key. Of any number of callers at the same time, on any number
 * of nodes, one gets `new` or `resumed`. A row older than 24 hours counts as absent.
 */
export async function claim(db: Db, input: Claim): Promise<Claimed> {
  const olderThan = new Date(input.now.getTime() - KEPT_MS)
  // Again only when the row went, or changed hands, between two statements.
  for (;;) {
    const id = await idempotencyInsert(db, { ...input, at: input.now, olderThan })
    if (id !== null) return { kind: 'new', id }
    const row = await idempotencyBySlot(db, input)
    const claimed = row && (await claimExisting(db, row, input))
    if (claimed) return claimed
  }
}

async function claimExisting(db: Db, row: IdempotencyRow, input: Claim): Promise<Claimed | null> {
  if (!row.fingerprint.equals(input.fingerprint)) return { kind: 'other_request' }
  if (row.done_at !== null) {
    return { kind: 'replay', status: row.status!, body: row.body! }
  }
  if (row.instance === input.instance) return { kind: 'running' }
  const alive = await input.aliveInstances()
  if (alive.includes(row.instance)) return { kind: 'running' }
  const taken = await idempotencyTakeOver(db, row.id, { instance: input.instance, at: input.now })
  return taken && { kind: 'resumed', ...taken }
}

/**
 * Pins the outcome under its key, to be replayed for 24 hours. Changes nothing when the request is no longer this caller's,
 * as another process took it over.
 */
export async function finish(
  db: Db,
  id: number,
  { now, ...outcome }: { status: number; body: string; now: Date },
): Promise<void> {
  await idempotencyFinish(db, id, { ...outcome, at: now })
}

/**
 * As `finish`, in the transaction of the work itself: both are done or neither is, wherever the process dies. Throws `conflict`,
 * which undoes the work, when another process took the request over.
 */
export async function sealRecord(
  tx: Tx,
  id: number,
  { now, ...outcome }: { status: number; body: string; now: Date },
): Promise<void> {
  if (await idempotencyFinish(tx, id, { ...outcome, at: now })) return
  throw new DomainError('conflict', 'Another process has taken up this request; send it again.')
}

/** Frees the key again, as the outcome is not one to be pinned; once it is pinned this changes nothing. */
export async function release(db: Db, id: number): Promise<void> {
  await idempotencyRelease(db, id)
}

/** Frees the key of a claim whose answer was lost, if it was granted. */
export async function releaseClaim(db: Db, claimed: Claim): Promise<void> {
  await idempotencyReleaseClaim(db, { ...claimed, at: claimed.now })
}

/** What paid for the request of this record, or null. */
export async function findCharge(db: Db, id: number): Promise<string | null> {
  return idempotencyCharge(db, id)
}

/** Forgets what an account's routes that begin with one of these paths answered, as that is data of a person who is gone. */
export async function forgetAnswers(tx: Tx, accountId: number, paths: readonly string[]): Promise<void> {
  await idempotencyForget(tx, accountId, paths)
}

/** Deletes what is older than 24 hours, in small steps; answers how many. */
export async function purgeIdempotency(db: Db, now: Date): Promise<number> {
  const olderThan = new Date(now.getTime() - KEPT_MS)
  let purged = 0
  for (;;) {
    const count = await idempotencyPurge(db, olderThan, PURGED_AT_ONCE)
    purged += count
    if (count < PURGED_AT_ONCE) return purged
  }
}

const NOT_PINNED: ReadonlySet<number> = new Set([400, 401, 402, 403, 404, 429])

/** Whether an outcome is kept for repeats: success, and refusals by work that had begun. A fault may be tried again. */
export function isPinned(status: number): boolean {
  return status < 500 && !NOT_PINNED.has(status)
}

/** The key itself. Throws `input_invalid` unless it has 1 to 255 printable ASCII characters. */
export function validKey(text: string): string {
  if (/^[\x20-\x7e]{1,255}$/.test(text)) return text
  throw new DomainError('input_invalid', 'Idempotency-Key must have 1 to 255 printable ASCII characters.', {
    parameter: 'Idempotency-Key',
  })
}

/**
 * What makes two requests the same, as a SHA-256: method, path with query, and body as it was parsed, whatever the order
 * of its members. Bytes count as they are. Throws `input_invalid` for a body that is nested too deeply.
 */
export function fingerprintOf(method: string, url: string, body: unknown): Buffer {
  // As JSON, so that no part can be taken for the beginning of the next.
  return hash('sha256', JSON.stringify([method, url, `value ${canonical(body, 0)}`]), 'buffer')
}

function canonical(value: unknown, depth: number): string {
  if (depth > DEPTH_MAX) throw new DomainError('input_invalid', 'The body is nested too deeply.')
  if (Array.isArray(value)) return `[${value.map((each) => canonical(each, depth + 1)).join(',')}]`
  // The file of a form; no JSON reads like this.
  if (value instanceof Uint8Array) return `bytes ${hash('sha256', value, 'hex')}`
  // Whatever JSON cannot say, such as no body at all.
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? typeof value
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([name, each]) => `${JSON.stringify(name)}:${canonical(each, depth + 1)}`).join(',')}}`
}
