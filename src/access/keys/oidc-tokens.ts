import { hash } from 'node:crypto'
import { createLocalJWKSet, errors, jwtVerify, type JSONWebKeySet, type JWTPayload, type JWTVerifyGetKey } from 'jose'
import type { Config } from '../../config.ts'
import type { Clock } from '../../lib/clock.ts'
import { DomainError } from '../../lib/errors.ts'
import type { Http } from '../../lib/http.ts'
import type { Log } from '../../lib/log.ts'
import { isSubject, type Identity } from './identity.ts'

/** ID tokens of the issuer that the settings name. */
export type IdTokens = {
  /**
   * Who holds this token. Rejects with `key_malformed`, `key_revoked` for one that has expired, `key_unknown` for one that is not
   * ours to take, and `busy` while the issuer's keys cannot be had.
   */
  verify(token: string): Promise<Identity>
  /** Who held this token when it was verified last; null when it was not good then, or never seen by this node. */
  recall(token: string): Identity | null
}

type Settings = NonNullable<Config['oidc']>
type Means = { http: Http; clock: Clock; log: Log }

const ALGORITHMS = ['RS256', 'ES256']
const SKEW_SECONDS = 60
const TOKEN_CHARS_MAX = 16_384
const RECALLED_MAX = 50_000

export function openIdTokens(settings: Settings, means: Means): IdTokens {
  const { issuer, audience } = settings
  const find = issuerKeys(settings.jwksUrl, means)
  const recalled = new Map<string, Identity>()

  async function read(token: string): Promise<Identity> {
    try {
      const { payload } = await jwtVerify(token, find, {
        issuer,
        audience,
        algorithms: ALGORITHMS,
        clockTolerance: SKEW_SECONDS,
        currentDate: means.clock.now(),
        requiredClaims: ['exp'],
      })
      const { sub } = payload
      if (!isSubject(sub) || !isForUs(payload, audience)) throw notAccepted()
      return { issuer, subject: sub }
    } catch (error) {
      throw toldOf(error)
    }
  }

  return {
    async verify(token) {
      if (token.length > TOKEN_CHARS_MAX) throw malformed()
      const digest = digestOf(token)
      try {
        const identity = await read(token)
        // Put at the end, so that the token that was sent longest ago is the first to be forgotten.
        recalled.delete(digest)
        recalled.set(digest, identity)
        if (recalled.size > RECALLED_MAX) recalled.delete(recalled.keys().next().value!)
        return identity
      } catch (error) {
        // Any other failure, such as an issuer that is down, says nothing about the token.
        if (error instanceof DomainError && error.code !== 'busy') recalled.delete(digest)
        throw error
      }
    },
    recall: (token) => (token.length > TOKEN_CHARS_MAX ? null : (recalled.get(digestOf(token)) ?? null)),
  }
}

function digestOf(token: string): string {
  return hash('sha256', token, 'binary')
}

/** Whom the issuer made the token for, where it says so; it must where there are several audiences (OpenID Connect Core 3.1.3.7). */
function isForUs({ aud, azp }: JWTPayload, audience: string): boolean {
  if (azp === undefined) return !Array.isArray(aud) || aud.length === 1
  return azp === audience
}

function toldOf(error: unknown): unknown {
  if (!(error instanceof errors.JOSEError)) return error
  if (error instanceof errors.JWTExpired) return new DomainError('key_revoked', 'This ID token has expired.')
  if (error instanceof errors.JWSInvalid || error instanceof errors.JWTInvalid) return malformed()
  return notAccepted()
}

function notAccepted(): DomainError {
  return new DomainError('key_unknown', 'This ID token is not accepted here.')
}

function malformed(): DomainError {
  return new DomainError('key_malformed', 'This is not the form of an ID token.')
}

/** How long keys are used before the issuer is asked again, and how long at most while it does not answer. */
const FRESH_MS = 10 * 60_000
const STALE_MS = 60 * 60_000
/** Between two questions: after an answer, as tokens may name any key, and after none. */
const PAUSE_MS = 60_000
const FAILED_PAUSE_MS = 5_000
const TIMEOUT_MS = 5_000

type Held = { find: ReturnType<typeof createLocalJWKSet>; atMs: number }

/** Finds the key that a token names among those that the issuer publishes. */
function issuerKeys(jwksUrl: string, { http, clock, log }: Means): JWTVerifyGetKey {
  let held: Held | null = null
  let asking: Promise<void> | null = null
  let quietUntilMs = Number.NEGATIVE_INFINITY

  async function ask(): Promise<void> {
    try {
      const headers = { accept: 'application/json' }
      const answer = await http.send({ method: 'GET', url: jwksUrl, headers, body: null, timeoutMs: TIMEOUT_MS })
      if (answer.status !== 200) throw new Error(`status ${answer.status}`)
      held = { find: createLocalJWKSet(JSON.parse(answer.text) as JSONWebKeySet), atMs: clock.elapsedMs() }
      quietUntilMs = clock.elapsedMs() + PAUSE_MS
    } catch (error) {
      quietUntilMs = clock.elapsedMs() + FAILED_PAUSE_MS
      log.warn({ err: error }, 'the keys of the OIDC issuer cannot be had')
    } finally {
      asking = null
    }
  }

  /** Keys that are at most so old, or as new as can be had now. */
  async function keys(newestMs: number): Promise<Held> {
    const isOld = () => held === null || clock.elapsedMs() - held.atMs >= newestMs
    if (isOld() && (asking !== null || clock.elapsedMs() >= quietUntilMs)) await (asking ??= ask())
    if (held !== null && clock.elapsedMs() - held.atMs < STALE_MS) return held
    throw new DomainError('busy', 'ID tokens cannot be verified just now; try again in a moment.', {
      retryAfterSeconds: FAILED_PAUSE_MS / 1000,
    })
  }

  return async (header, token) => {
    const known = await keys(FRESH_MS)
    try {
      return await known.find(header, token)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
      return (await keys(0)).find(header, token)
    }
  }
}
