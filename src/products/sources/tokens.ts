import { hash } from 'node:crypto'
import { HttpError } from '../../lib/http.ts'
import { stateFor } from './state.ts'
import {
  sourceTokenBySource,
  sourceTokenClaim,
  sourceTokenRelease,
  sourceTokenRenew,
  sourceTokenSeed,
} from './sources.sql.ts'
import type { Ctx } from '../../ctx.ts'
import type { Source, TokenAnswer } from './source.ts'
import type { StoredToken } from './sources.sql.ts'

export type TokenCtx = Pick<Ctx, 'db' | 'clock' | 'http' | 'log'>
export type TokenSource = Source & { token: NonNullable<Source['token']> }

/** A token that runs out while the call is on its way is no use. */
const EARLY_MS = 60_000
/** How long one process may take to renew before another one tries. */
const CLAIM_MS = 30_000
/** How long a call waits for another process that renews. */
const WAIT_MS = 10_000
const POLL_MS = 100

/** No token could be had; `message` says why. `refused`: the source does not take the refresh token. */
export class TokenError extends Error {
  override name = 'TokenError'
  readonly refused: boolean

  constructor(message: string, refused: boolean) {
    super(message)
    this.refused = refused
  }
}

export function needsToken(source: Source): source is TokenSource {
  return source.token !== undefined
}

/** A token to call `source` with, renewed when it is known to have run out. Throws `TokenError`. */
export async function getToken(ctx: TokenCtx, source: TokenSource): Promise<StoredToken> {
  const token = await read(ctx, source)
  const leftMs = token.expiresAt ? token.expiresAt.getTime() - ctx.clock.now().getTime() : Infinity
  return leftMs > EARLY_MS ? token : renewToken(ctx, source, token)
}

/**
 * Replaces a token that the source refused or that ran out. However many calls find the same token spent, in this
 * process and in others, the source is asked once and all of them get the same new one. Throws `TokenError`.
 */
export async function renewToken(ctx: TokenCtx, source: TokenSource, spent: StoredToken): Promise<StoredToken> {
  const state = stateFor(source)
  state.refreshing ??= renew(ctx, source, spent).finally(() => {
    state.refreshing = null
  })
  return state.refreshing
}

async function read(ctx: TokenCtx, source: TokenSource): Promise<StoredToken> {
  const state = stateFor(source)
  const known = state.seeded ? await sourceTokenBySource(ctx.db, source.name) : null
  if (known) return known
  const { accessToken, refreshToken } = source.token.seed
  const seedDigest = hash('sha256', JSON.stringify([accessToken, refreshToken]), 'hex')
  await sourceTokenSeed(ctx.db, source.name, { seedDigest, accessToken, refreshToken })
  state.seeded = true
  const token = await sourceTokenBySource(ctx.db, source.name)
  if (!token) throw new TokenError('the stored token was deleted just now', false)
  return token
}

async function renew(ctx: TokenCtx, source: TokenSource, spent: StoredToken): Promise<StoredToken> {
  const giveUpAtMs = ctx.clock.elapsedMs() + WAIT_MS
  for (;;) {
    const current = await read(ctx, source)
    if (current.version !== spent.version) return current
    const now = ctx.clock.now()
    const until = new Date(now.getTime() + CLAIM_MS)
    if (await sourceTokenClaim(ctx.db, source.name, { version: spent.version, now, until })) {
      return ask(ctx, source, spent)
    }
    // Another process is renewing.
    if (ctx.clock.elapsedMs() > giveUpAtMs)
      throw new TokenError('another process takes too long to renew the token', false)
    await ctx.clock.sleep(POLL_MS)
  }
}

async function ask(ctx: TokenCtx, source: TokenSource, spent: StoredToken): Promise<StoredToken> {
  const answer = await send(ctx, source, spent)
  if (answer.kind === 'failed') {
    await sourceTokenRelease(ctx.db, source.name, spent.version)
    ctx.log.error({ source: source.name, reason: answer.reason }, 'the access token could not be renewed')
    throw new TokenError(`the access token could not be renewed: ${answer.reason}`, !answer.retry)
  }
  const stored = await sourceTokenRenew(ctx.db, source.name, { version: spent.version, ...answer })
  ctx.log.info({ source: source.name, expiresAt: answer.expiresAt }, 'the access token was renewed')
  return stored ?? read(ctx, source)
}

async function send(ctx: TokenCtx, source: TokenSource, spent: StoredToken): Promise<TokenAnswer> {
  const at = ctx.clock.now()
  try {
    const { status, text } = await ctx.http.send(source.token.refreshRequest(spent.refreshToken, at))
    return source.token.parseToken(status, text, at)
  } catch (error) {
    if (error instanceof HttpError) return { kind: 'failed', reason: error.message, retry: true }
    throw error
  }
}
