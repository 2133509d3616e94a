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
export type Recorded = { id: number; isReplay: boolean }

/**
 * Takes up a request with an Idempotency-Key: a first one goes on, one that was answered is answered the same again, and
 * one that runs, or that is another request, is a conflict.
 */
export async function takeUp(
  ctx: Ctx,
  request: FastifyRequest,
  reply: FastifyReply,
  { key, route }: { key: string; route: string },
): Promise<FastifyReply | undefined> {
  const visit = request.visit!
  const wish = {
    accountId: visit.principal.accountId,
    route,
    key: validKey(key),
    fingerprint: fingerprintOf(request.method, request.url, request.body),
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
    request.record = { id: 0, isReplay: true }
    return reply.code(claimed.status).header('idempotent-replayed', 'true').type(JSON_TYPE).send(claimed.body)
  }
  if (claimed.kind === 'running') {
    throw new DomainError('conflict', 'A request with this Idempotency-Key is under way; wait for its answer.')
  }
  if (claimed.kind === 'other_request') {
    throw new DomainError('conflict', 'This Idempotency-Key was used for another request; choose a new one.')
  }
  request.record = { id: claimed.id, isReplay: false }
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
  { id, isReplay }: Recorded,
  outcome: { status: number; payload: unknown } | null,
): Promise<void> {
  if (isReplay) return
  const { status = 0, payload = null } = outcome ?? {}
  const isKept = outcome !== null && isPinned(status) && typeof payload === 'string'
  const now = ctx.clock.now()
  const write = () => (isKept ? finish(ctx.db, id, { status, body: payload, now }) : release(ctx.db, id))
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
