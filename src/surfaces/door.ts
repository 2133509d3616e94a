import type { IncomingHttpHeaders } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import {
  chargePriced,
  chargeUnits,
  conclude,
  identify,
  identifyHolder,
  type Door,
  type Visit,
} from '../access/admit.ts'
import type { Feature } from '../money/plans/catalogue.ts'
import type { KeyMemo } from '../access/keys/keyring.ts'
import type { RouteScope } from '../access/keys/scopes.ts'
import type { Ctx } from '../ctx.ts'
import { keepRecord, takeUp, type Recorded, type Redaction } from './idempotency.ts'
import { addReceipt } from './receipt.ts'
import type { ByteText } from './send.ts'
import type { Surface } from './surface.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a key must be allowed; `public` needs no key. */
    scope?: RouteScope
    /** How many calls one call counts as. */
    cost?: 0 | 1
    /** What the plan must include. */
    feature?: Feature
    /** What is not kept of its requests and answers. */
    redaction?: Redaction
  }
  interface FastifyRequest {
    /** Who calls, and what was taken for it; null on a public route. Set by the surface's door. */
    visit: Visit | null
    /** The record of a request with an Idempotency-Key. */
    record: Recorded | null
  }
}

export const METHODS_THAT_WRITE = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])

/**
 * Hangs the door into a surface's scope: each of its routes is identified before its body is read, charges what it costs
 * through `chargeFor`, and is concluded before its answer leaves.
 */
export function hangDoor(app: FastifyInstance, ctx: Ctx, surface: Surface): void {
  app.decorateRequest('visit', null)
  app.decorateRequest('record', null)
  app.addHook('onRoute', (route) => {
    if (route.method === 'OPTIONS') return
    const door = doorOf(surface, route)
    route.onRequest = [enterThrough(ctx, surface, door), ...[route.onRequest ?? []].flat()]
    if (door.product === null) return
    if (surface.takesIdTokens) route.preValidation = [enterByToken(ctx, door), ...[route.preValidation ?? []].flat()]
    if ([route.method].flat().some((method) => METHODS_THAT_WRITE.has(method))) {
      route.preHandler = [
        takeUpRecord(ctx, route.url, route.config!.redaction ?? null),
        ...[route.preHandler ?? []].flat(),
      ]
    }
    route.onSend = [leaveThrough(ctx, route.config!.cost!), ...[route.onSend ?? []].flat()]
    route.onResponse = [recordUsage(ctx), ...[route.onResponse ?? []].flat()]
  })
}

function doorOf(surface: Surface, { config, schema, url }: RouteOptions): Door {
  const scope = config!.scope!
  const { operationId } = (schema ?? {}) as { operationId?: string }
  if (!operationId) throw new Error(`${url} must have an operationId`)
  return {
    scope,
    product: scope === 'public' ? null : surface.product,
    operation: operationId,
    feature: config!.feature ?? null,
  }
}

function admit(request: FastifyRequest, visit: Visit | null): Error | undefined {
  request.visit = visit
  return visit?.refusal ?? undefined
}

async function admitLater(entering: Promise<Visit>, request: FastifyRequest, done: (error?: Error) => void) {
  let refusal: Error | undefined
  try {
    refusal = admit(request, await entering)
  } catch (error) {
    refusal = error as Error
  }
  done(refusal)
}

function enterThrough(ctx: Ctx, surface: Surface, door: Door) {
  return (request: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void): void => {
    const keyText = findKeyText(request.headers, surface.keyHeader)
    const isLater = keyText === null && surface.takesIdTokens === true && ctx.idTokens !== null
    if (isLater && door.product !== null) return done()
    let entered: ReturnType<typeof identify>
    try {
      entered = identify(ctx, door, {
        keyText,
        address: request.ip,
        memo: memoOf(request.raw.socket),
      })
    } catch (error) {
      done(error as Error)
      return
    }
    if (entered instanceof Promise) void admitLater(entered, request, done)
    else done(admit(request, entered))
  }
}

/** Whoever came without a key is identified once the body is read, as that is where their token stands. */
function enterByToken(ctx: Ctx, door: Door) {
  return (request: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void): void => {
    if (request.visit !== null) return done()
    const { token } = (request.body ?? {}) as { token?: unknown }
    void admitLater(identifyHolder(ctx, door, { token, address: request.ip }), request, done)
  }
}

/** Kept on the socket, which lives as long as the connection. */
const MEMO = Symbol('the key sent last')
type Remembering = Socket & { [MEMO]?: KeyMemo }

export function memoOf(socket: Remembering): KeyMemo {
  return (socket[MEMO] ??= { clearText: '', slot: '' })
}

/** Every key works in either header; where both are sent, the surface's own wins. */
export function findKeyText(headers: IncomingHttpHeaders, own: Surface['keyHeader']): string | null {
  const bearer = bearerIn(headers.authorization)
  if (own === 'authorization' && bearer !== null) return bearer
  const apiKey = headers['x-api-key']?.toString().trim() || null
  return apiKey ?? bearer
}

function bearerIn(header: string | undefined): string | null {
  if (header === undefined) return null
  // As clients write it; every other way of writing it is read more slowly.
  if (header.startsWith('Bearer ') && header.indexOf(' ', 7) === -1) return header.length > 7 ? header.slice(7) : null
  return /^bearer +(\S+) *$/i.exec(header)?.[1] ?? null
}

/**
 * Takes what this call costs; a route calls it once its input is known to be good and before it works. `ready` is the
 * answer when it is at hand. Undefined when nothing is to be waited for. Throws or rejects with the refusal.
 */
export function chargeFor(
  ctx: Ctx,
  request: FastifyRequest,
  reply: FastifyReply,
  ready: ByteText | null = null,
): Promise<void> | undefined {
  const { visit } = request
  if (visit === null) return undefined
  if (!visit.hand.isPriced) return chargeUnits(ctx, visit)
  return chargePriced(ctx, visit, {
    requestId: request.id,
    tid: request.tid,
    readyBytes: ready?.length ?? null,
    us: Math.round(reply.elapsedTime * 1000),
    record: request.record?.id ?? null,
  })
}

function takeUpRecord(ctx: Ctx, url: string, redaction: Redaction | null) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
    const key = request.headers['idempotency-key']
    if (key === undefined || request.visit === null) return undefined
    return takeUp(ctx, request, reply, { key: String(key), route: `${request.method} ${url}`, redaction })
  }
}

/** Before the answer leaves: what it does not use up is given back, and the receipt is written. */
function leaveThrough(ctx: Ctx, cost: 0 | 1) {
  return (
    request: FastifyRequest,
    reply: FastifyReply,
    payload: unknown,
    done: (error: Error | null, payload?: unknown) => void,
  ): void => {
    const { visit, record } = request
    if (visit === null) return done(null, payload)
    if (visit.isConcluded) {
      // The refusal that is told as its charge could not be ended.
      writeReceipt(reply, visit)
      return done(null, payload)
    }
    const status = reply.statusCode
    if (cost > 0 && status < 400 && visit.charged === 'nothing' && record?.isReplay !== true) {
      return done(new Error(`${visit.door.operation} answered without charging`))
    }
    visit.isConcluded = true
    const us = Math.round(reply.elapsedTime * 1000)
    visit.bytes = typeof payload === 'string' ? Buffer.byteLength(payload) : 0
    const concluded = conclude(ctx, visit, { requestId: request.id, status, bytes: visit.bytes, us })
    if (concluded === undefined && record === null) {
      writeReceipt(reply, visit)
      return done(null, payload)
    }
    const leave = async () => {
      let fault: Error | null = null
      try {
        await concluded
      } catch (error) {
        // Whatever could not be ended is given back behind the refusal.
        visit.paid = null
        fault = error as Error
      }
      writeReceipt(reply, visit)
      if (record !== null) await keepRecord(ctx, record, fault ? null : { status, payload })
      done(fault, payload)
    }
    void leave()
  }
}

function writeReceipt(reply: FastifyReply, visit: Visit): void {
  const headers: string[] = []
  addReceipt(headers, visit)
  for (let at = 0; at < headers.length; at += 2) reply.header(headers[at]!, headers[at + 1]!)
}

/** After the answer has left. */
function recordUsage(ctx: Ctx) {
  return (request: FastifyRequest, reply: FastifyReply, done: () => void): void => {
    const { visit, id: requestId, tid } = request
    done()
    if (visit !== null) recordVisit(ctx, visit, { requestId, status: reply.statusCode, ms: reply.elapsedTime, tid })
  }
}

/** One usage event for each visit, unless it was booked with its charge. */
export function recordVisit(
  ctx: Ctx,
  visit: Visit,
  { requestId, status, ms, tid }: { requestId: string; status: number; ms: number; tid: string | null },
): void {
  const { principal, door, address, charged, hand, bytes } = visit
  const { keyId, accountId } = principal
  const atMs = ctx.clock.now().getTime()
  // Booked calls have their event from the statement that booked them.
  if (charged === 'booked' && visit.prepaidBy === null) {
    ctx.usage.touch(keyId, atMs, address)
    return
  }
  ctx.usage.record({
    atMs,
    requestId,
    accountId,
    keyId,
    product: door.product!,
    operation: door.operation,
    status,
    pot: charged === 'units' ? (hand.pots[0]?.name ?? null) : null,
    bytes,
    durationUs: Math.round(ms * 1000),
    tid,
    address,
  })
}
