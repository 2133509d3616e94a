import { HttpError } from '../../lib/http.ts'
import { isListingId } from '../links/marketplaces.ts'
import { abandonCall, admitCall, afterCall } from './breaker.ts'
import { earnRetry, spendRetry } from './retry-budget.ts'
import { stateFor } from './state.ts'
import { TokenError, getToken, needsToken, renewToken } from './tokens.ts'
import type { Ctx } from '../../ctx.ts'
import type { HttpRequest } from '../../lib/http.ts'
import type { Outcome } from './breaker.ts'
import type { Answer, Source } from './source.ts'
import type { Listing, ListingRef } from '../listing.ts'
import type { StoredToken } from './sources.sql.ts'

export type FetchCtx = Pick<Ctx, 'clock' | 'random' | 'db' | 'http' | 'log' | 'sources'>

/**
 * `source` is the name of the one that answered. `reasons` are for the log, one for each source that failed. `item`: one
 * of them works and cannot use this listing, so that asking again soon brings the same.
 */
export type Fetched =
  | { kind: 'found'; listing: Listing; source: string }
  | { kind: 'absent' }
  | { kind: 'down'; reasons: string[]; item: boolean }

type Failed = Extract<Answer, { kind: 'failed' }>

/** All tries of all sources together; below the time a request of ours may take. */
const TOTAL_MS = 20_000
/** A try with less time than this is not begun. */
const LEAST_MS = 500
const BACKOFF_MS = 200

/**
 * Asks the sources that serve the marketplace, in the operator's order, until one has the listing. `absent` only when
 * every one of them says so, or when there is none; `down` when nobody has it and at least one could not be asked.
 * Never throws for anything that a source does.
 */
export async function fetchListing(ctx: FetchCtx, ref: ListingRef, signal?: AbortSignal): Promise<Fetched> {
  // Connectors write the id into requests as it is.
  if (!isListingId(ref.listingId)) return { kind: 'absent' }
  const deadlineMs = ctx.clock.elapsedMs() + TOTAL_MS
  const failures: (Failed & { source: string })[] = []
  for (const source of ctx.sources) {
    if (!source.marketplaces.includes(ref.marketplace)) continue
    const answer = await askGuarded(ctx, source, ref, deadlineMs, signal)
    if (answer.kind === 'found') return { kind: 'found', listing: answer.listing, source: source.name }
    if (answer.kind === 'failed') failures.push({ ...answer, source: source.name })
  }
  if (failures.length === 0) return { kind: 'absent' }
  return {
    kind: 'down',
    reasons: failures.map(({ source, reason }) => `${source}: ${reason}`),
    item: failures.some(({ item }) => item),
  }
}

/** One source, behind its breaker. */
async function askGuarded(
  ctx: FetchCtx,
  source: Source,
  ref: ListingRef,
  deadlineMs: number,
  signal?: AbortSignal,
): Promise<Answer> {
  const state = stateFor(source)
  const { admitted, breaker } = admitCall(state.breaker, ctx.clock.elapsedMs())
  if (!admitted) return { kind: 'failed', reason: 'left alone for a while after failures', retry: false }
  state.breaker = breaker

  try {
    const answer = await askTwice(ctx, source, ref, deadlineMs, signal)
    const before = state.breaker
    state.breaker = afterCall(before, outcomeOf(answer), ctx.clock.elapsedMs())
    if (answer.kind === 'failed') logFailure(ctx, source, ref, answer, state.breaker.openings > before.openings)
    return answer
  } catch (error) {
    // The caller's abort or a fault of ours: a probe that ends so must not stay a probe for ever.
    state.breaker = abandonCall(state.breaker)
    throw error
  }
}

/** The caller logs a look-up that came to nothing; what one source said matters to the operator when it is shut out. */
function logFailure({ log, clock }: FetchCtx, source: Source, ref: ListingRef, failure: Failed, opened: boolean): void {
  const { marketplace, listingId } = ref
  const fields = { source: source.name, marketplace, listingId, reason: failure.reason }
  if (!opened) return log.debug(fields, `${source.name} failed: ${failure.reason}`)
  const leftAloneMs = Math.round(stateFor(source).breaker.openUntilMs! - clock.elapsedMs())
  return log.warn(
    { ...fields, leftAloneMs },
    `${source.name} is left alone for ${leftAloneMs} ms after failures, the last one: ${failure.reason}`,
  )
}

function outcomeOf(answer: Answer): Outcome {
  if (answer.kind !== 'failed') return 'good'
  if (answer.item) return 'neutral'
  if (answer.quota || answer.tokenExpired) return 'quota'
  return answer.throttled ? 'throttled' : 'fault'
}

/** A second try when the answer says that it can help and the budget has one left. */
async function askTwice(
  ctx: FetchCtx,
  source: Source,
  ref: ListingRef,
  deadlineMs: number,
  signal?: AbortSignal,
): Promise<Answer> {
  const state = stateFor(source)
  state.retries = earnRetry(state.retries)
  const first = await askWithToken(ctx, source, ref, deadlineMs, signal)
  if (first.kind !== 'failed' || !first.retry) return first

  // Spread, so that callers who failed together do not come back together.
  const waitMs = BACKOFF_MS + ctx.random.below(BACKOFF_MS)
  const left = ctx.clock.elapsedMs() + waitMs + LEAST_MS < deadlineMs ? spendRetry(state.retries) : null
  if (!left) return first
  state.retries = left
  await ctx.clock.sleep(waitMs, signal)
  return askWithToken(ctx, source, ref, deadlineMs, signal)
}

/** As `askOnce`, with an access token where the source needs one, which is renewed once when the source refuses it. */
async function askWithToken(
  ctx: FetchCtx,
  source: Source,
  ref: ListingRef,
  deadlineMs: number,
  signal?: AbortSignal,
): Promise<Answer> {
  if (!needsToken(source)) return askOnce(ctx, source, ref, deadlineMs, null, signal)
  try {
    const token = await getToken(ctx, source)
    const answer = await askOnce(ctx, source, ref, deadlineMs, token, signal)
    if (answer.kind !== 'failed' || !answer.tokenExpired) return answer
    const renewed = await renewToken(ctx, source, token)
    return await askOnce(ctx, source, ref, deadlineMs, renewed, signal)
  } catch (error) {
    if (error instanceof TokenError) return { ...failed(error.message), quota: error.refused }
    throw error
  }
}

async function askOnce(
  ctx: FetchCtx,
  source: Source,
  ref: ListingRef,
  deadlineMs: number,
  token: StoredToken | null,
  signal?: AbortSignal,
): Promise<Answer> {
  const leftMs = Math.floor(deadlineMs - ctx.clock.elapsedMs())
  if (leftMs < LEAST_MS) return failed('no time left to ask')
  const request = source.itemRequest(ref, ctx.clock.now(), token?.accessToken)
  return send(ctx, source, ref, { ...request, timeoutMs: Math.min(request.timeoutMs, leftMs) }, signal)
}

async function send(
  ctx: FetchCtx,
  source: Source,
  ref: ListingRef,
  request: HttpRequest,
  signal?: AbortSignal,
): Promise<Answer> {
  try {
    const { status, text } = await ctx.http.send(request, signal)
    const answer = source.parseItem(ref, status, text)
    if (answer.kind === 'found' && answer.listing.listingId !== ref.listingId) {
      return { ...failed(`asked for ${ref.listingId}, answered ${answer.listing.listingId}`), item: true }
    }
    return answer
  } catch (error) {
    // Asking again after a time-out would hold the caller as long once more.
    if (error instanceof HttpError) return failed(error.message, error.kind === 'unreachable')
    throw error
  }
}

function failed(reason: string, retry = false): Failed {
  return { kind: 'failed', reason, retry }
}
