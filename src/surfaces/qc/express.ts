import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { chargeUnits, enter, type Door, type Visit } from '../../access/admit.ts'
import { currentPrincipal, keySlot } from '../../access/keys/keyring.ts'
import type { Ctx } from '../../ctx.ts'
import type { ListingRef } from '../../products/listing.ts'
import { findKeyText, memoOf, recordVisit } from '../door.ts'
import { follow } from '../lifecycle.ts'
import { printedAtHand, type Printed } from '../printed.ts'
import { wantsLess, writeAtOnce } from '../send.ts'
import { LOOKUP_VIEWS } from './products.ts'
import { STOREFRONTS } from './wire.ts'

const PREFIX = '/api/v1/products/'
const ROUTE = '/api/v1/products/:storefront/:listingId'
const DOOR: Door = { scope: 'qc:read', product: 'qc', operation: 'getProduct', feature: null }

/**
 * Answers look-ups before the framework sees them, when key and answer are in memory: routing, hooks and objects of a
 * request cost a fifth of them. The door is the same, and so is the answer; whatever is refused, unknown, conditional,
 * compressed or in any way unusual goes to the route, with nothing taken.
 */
export function openExpress(app: FastifyInstance, ctx: Ctx, nextId: () => string): void {
  // Behind a proxy the caller's address stands in a header, which the framework reads.
  if (ctx.config.trustProxy.length > 0) return
  const [route] = app.server.listeners('request') as RequestListener[]
  app.server.removeAllListeners('request')
  app.server.on('request', (request, response) => {
    if (!answerAtHand(request, response)) route!(request, response)
  })

  /** False when this is for the route. */
  function answerAtHand(request: IncomingMessage, response: ServerResponse): boolean {
    const ref = readLookUp(request)
    const keyText = ref && findKeyText(request.headers, 'authorization')
    const principal = keyText && currentPrincipal(ctx, keySlot(keyText, memoOf(request.socket)))
    if (!principal) return false
    const printed = printedAtHand(ctx, LOOKUP_VIEWS[principal.mode === 'test' ? 'demo' : 'live'], ref)
    if (printed === null || wantsLess(request.headers, printed.bytes)) return false
    const startedAtMs = ctx.clock.elapsedMs()
    const answer = (visit: Visit) => serve(request, response, visit, printed, startedAtMs)
    let entered: ReturnType<typeof enter>
    try {
      entered = enter(ctx, DOOR, principal, request.socket.remoteAddress ?? '')
    } catch {
      return false
    }
    if (!(entered instanceof Promise)) return answer(entered)
    void entered.then((visit) => answer(visit) || route!(request, response))
    return true
  }

  /** False when the visit was refused. */
  function serve(
    request: IncomingMessage,
    response: ServerResponse,
    visit: Visit,
    printed: Printed,
    startedAtMs: number,
  ): boolean {
    if (visit.refusal !== null) return false
    const requestId = nextId()
    const write = () => {
      follow(request.socket, 1)
      response.on('finish', () => {
        const ms = ctx.clock.elapsedMs() - startedAtMs
        const { method = '', url = '' } = request
        follow(request.socket, -1)
        recordVisit(ctx, visit, { requestId, status: 200, ms, tid: null })
        app.tellAnswered({ requestId, method, url, route: ROUTE, status: 200, ms, visit, tid: null })
      })
      writeAtOnce(response, visit, { requestId, origin: request.headers.origin, ...printed })
    }
    const charged = chargeUnits(ctx, visit)
    if (charged === undefined) write()
    else {
      const refuse = () => {
        ctx.limits.giveBack(visit.hand.slot, visit.take, 'all')
        route!(request, response)
      }
      charged.then(write, refuse)
    }
    return true
  }
}

/** The listing that a plain look-up asks for; null for everything else. */
function readLookUp({ method, url = '', headers }: IncomingMessage): ListingRef | null {
  if (method !== 'GET' || !url.startsWith(PREFIX) || headers['if-none-match'] !== undefined) return null
  const cut = url.indexOf('/', PREFIX.length)
  if (cut === -1 || !isDigits(url, cut + 1)) return null
  const storefront = url.slice(PREFIX.length, cut)
  const marketplace = STOREFRONTS.find((each) => each === storefront)
  return marketplace ? { marketplace, listingId: url.slice(cut + 1) } : null
}

/** Whether the rest of a text is 1 to 20 digits. */
function isDigits(text: string, from: number): boolean {
  const length = text.length - from
  if (length < 1 || length > 20) return false
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code < 48 || code > 57) return false
  }
  return true
}
