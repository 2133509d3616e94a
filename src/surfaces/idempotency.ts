import type { FastifyReply, FastifyRequest } from 'fastify'
import { claim, finish, fingerprintOf, isPinned, release, validKey } from '../access/idempotency/idempotency.ts'
import { voidCharge } from '../access/usage/cut-off.ts'
import type { Ctx } from '../ctx.ts'
import { DomainError } from '../lib/errors.ts'
import { JSON_TYPE } from './send.ts'

/** How long the state of the other processes is waited for. */
const WATCH_WAIT_MS = 1_000

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
  const claimed = await claim(ctx.db, {
    accountId: visit.principal.accountId,
    route,
    key: validKey(key),
    fingerprint: fingerprintOf(request.method, request.url, request.body),
    instance: ctx.instance,
    // As of now: a process that began a moment ago must not be taken for dead.
    aliveInstances: () => readInstances(ctx),
    now: ctx.clock.now(),
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
    // Booked whole, it is paid for; begun, it is charged anew, before somebody takes the old charge for forgotten.
    visit.isPrepaid = !(await voidCharge(ctx, claimed.charge))
  }
  return undefined
}

async function readInstances(ctx: Ctx): Promise<readonly number[]> {
  const seen = ctx.watch.next().then(() => true)
  const isLate = ctx.clock.sleep(WATCH_WAIT_MS).then(() => false)
  if (await Promise.race([seen, isLate])) return ctx.watch.value.instances
  throw new DomainError('busy', 'The server is busy; try again in a moment.', { retryAfterSeconds: 1 })
}

/** Pins an outcome for whoever sends the request again; null when this outcome is not pinned. */
export function remember(ctx: Ctx, record: Recorded, reply: FastifyReply, payload: unknown): Promise<void> | null {
  if (!isPinned(reply.statusCode) || typeof payload !== 'string') return null
  return finish(ctx.db, record.id, {
    status: reply.statusCode,
    headers: {},
    body: payload,
    now: ctx.clock.now(),
  })
}

/** The request may be sent again and is then a first one. */
export function forget(ctx: Ctx, record: Recorded): Promise<void> {
  return release(ctx.db, record.id)
}
