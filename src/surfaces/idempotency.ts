import type { FastifyReply, FastifyRequest } from 'fastify'
import {
  claim,
  findCharge,
  finish,
  fingerprintOf,
  isPinned,
  release,
  releaseClaim,
  sealRecord,
  validKey,
} from '../access/idempotency/idempotency.ts'
import { voidCharge } from '../access/usage/cut-off.ts'
import type { Ctx } from '../ctx.ts'
import type { Seal } from '../lib/db/db.ts'
import { DomainError } from '../lib/errors.ts'
import { JSON_TYPE } from './send.ts'

/** How long the state of the other processes is waited for. */
const WATCH_WAIT_MS = 1_000
const INSIST_MS = 1_000
const INSIST_TRIES = 60

/** The record of a request that its sender may send again. */
export type Recorded = { id: number; isReplay: boolean; redaction: Redaction | null }

/** How a request is recorded whose body must not be kept, nor be guessed from what is. */
export type Redaction = {
  /** As `fingerprintOf`, so that nobody who reads the database can try bodies against it. */
  fingerprint(ctx: Ctx, request: FastifyRequest): Promise<Buffer>
  /** The answer without what the request said. */
  redact(payload: string): string
  /** What `redact` left, for the same request sent again. */
  restore(payload: string, body: unknown): string
}

/**
 * Takes up a request with an Idempotency-Key: a first one goes on, one that was answered is answered the same again, and
 * one that runs, or that is another request, is a conflict.
 */
export async function takeUp(
  ctx: Ctx,
  request: FastifyRequest,
  reply: FastifyReply,
  { key, route, redaction }: { key: string; route: string; redaction: Redaction | null },
): Promise<FastifyReply | undefined> {
  const visit = request.visit!
  const wish = {
    accountId: visit.principal.accountId,
    route,
    key: validKey(key),
    fingerprint: redaction
      ? await redaction.fingerprint(ctx, request)
      : fingerprintOf(request.method, request.url, request.body),
    instance: ctx.instance,
    // As of now: a process that began a moment ago must not be taken for dead.
    aliveInstances: () => readInstances(ctx),
    now: ctx.clock.now(),
  }
  const claimed = await claim(ctx.db, wish).catch((error: unknown) => {
    // It may have been granted even so, and would then lock the key.
    void insist(ctx, () => releaseClaim(ctx.db, wish))
    throw error
  })
  if (claimed.kind === 'replay') {
    request.record = { id: 0, isReplay: true, redaction }
    const body = redaction ? redaction.restore(claimed.body, request.body) : claimed.body
    return reply.code(claimed.status).header('idempotent-replayed', 'true').type(JSON_TYPE).send(body)
  }
  if (claimed.kind === 'running') {
    throw new DomainError('conflict', 'A request with this Idempotency-Key is under way; wait for its answer.')
  }
  if (claimed.kind === 'other_request') {
    throw new DomainError('conflict', 'This Idempotency-Key was used for another request; choose a new one.')
  }
  request.record = { id: claimed.id, isReplay: false, redaction }
  if (claimed.kind === 'resumed' && claimed.charge !== null) {
    // Begun, it is charged anew; booked whole, it is paid for, unless somebody has given that back meanwhile.
    const isVoided = await voidCharge(ctx, claimed.charge)
    visit.prepaidBy = isVoided ? null : await findCharge(ctx.db, claimed.id)
  }
  return undefined
}

async function readInstances(ctx: Ctx): Promise<readonly number[]> {
  const seen = ctx.watch.next().then(() => true)
  const isLate = ctx.clock.sleep(WATCH_WAIT_MS).then(() => false)
  if (await Promise.race([seen, isLate])) return ctx.watch.value.instances
  throw new DomainError('busy', 'The server is busy; try again in a moment.', { retryAfterSeconds: 1 })
}

/**
 * Pins the outcome for whoever sends the request again, where it is one to be pinned; else the request may be sent again
 * as a first one. Never rejects: the answer is paid for and goes out, and what cannot be written now is written behind it.
 */
export async function keepRecord(
  ctx: Ctx,
  { id, isReplay, redaction }: Recorded,
  outcome: { status: number; payload: unknown } | null,
): Promise<void> {
  if (isReplay) return
  const { status = 0, payload = null } = outcome ?? {}
  const isKept = outcome !== null && isPinned(status) && typeof payload === 'string'
  const kept = isKept ? { status, body: redaction ? redaction.redact(payload) : payload, now: ctx.clock.now() } : null
  const write = () => (kept ? finish(ctx.db, id, kept) : release(ctx.db, id))
  await write().catch(() => void insist(ctx, write))
}

/**
 * Pins the answer of a request with an Idempotency-Key in the transaction of its work, so that it is not done twice though the
 * process dies in between. Undefined without a key.
 */
export function sealFor<T>(
  ctx: Ctx,
  { record }: FastifyRequest,
  reply: FastifyReply,
  { status, bodyOf }: { status: number; bodyOf: (result: T) => unknown },
): Seal<T> | undefined {
  if (record === null) return undefined
  return (tx, result) => {
    const body = reply.code(status).serialize(bodyOf(result)) as string
    return sealRecord(tx, record.id, { status, body, now: ctx.clock.now() })
  }
}

/** Tries again behind the answer until it is done, or the server stops. */
async function insist(ctx: Ctx, write: () => Promise<void>): Promise<void> {
  for (let tries = 1; tries <= INSIST_TRIES && !ctx.closing.aborted; tries++) {
    await ctx.clock.sleep(INSIST_MS, ctx.closing).catch(() => {})
    try {
      return await write()
    } catch (error) {
      if (tries === INSIST_TRIES) ctx.log.error({ err: error }, 'an idempotency record could not be written')
    }
  }
}
