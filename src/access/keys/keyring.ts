import { hash } from 'node:crypto'
import type { Ctx } from '../../ctx.ts'
import { DomainError } from '../../lib/errors.ts'
import type { Product } from '../../money/plans/catalogue.ts'
import { readTerms } from '../../money/plans/plans.ts'
import type { Terms } from '../../money/plans/terms.ts'
import { accountOwner } from '../accounts/accounts.ts'
import { isInNetworks, parseNetwork, type Network } from './addresses.ts'
import { KEY_LENGTH_MAX, parseKeyText, type Mode, type Style } from './format.ts'
import { keyByDigest, type KeyRow } from './keys.sql.ts'
import { requireActive } from './life.ts'
import type { RouteScope, Scope } from './scopes.ts'

/** Who calls: what a checked key, or ID token, stands for. */
export type Principal = {
  /** 0 for the holder of an ID token. */
  keyId: number
  /** Whose rows the call sees: the sandbox's for a test key. */
  accountId: number
  /** Whose plans count. */
  liveAccountId: number
  isSandbox: boolean
  style: Style
  mode: Mode
  scopes: ReadonlySet<Scope>
  allow: readonly Network[]
  expiresAtMs: number | null
  /** The most that the key may do in a UTC month; null: no cap of its own. */
  capCalls: number | null
  capUsdMicros: number | null
  /** Whose counters these caps are on: the first of the keys that took each other's place. */
  capKey: number
  terms: Record<Product, Terms>
  /** The last address that was compared with `allow`, as most callers stay where they are. */
  lastAddress: { text: string; isAllowed: boolean }
}

/** The epochs in which a principal was read; when one has grown, it may have changed. */
type Epochs = { access: number; plans: number }
type Look = Epochs & { beganAtMs: number; promise: Promise<Principal> | null }
/** `principal` is null until the first look has an answer; `look` is null unless one is under way. */
type Entry = Epochs & { principal: Principal | null; look: Look | null }

/** What this node has read lately, by `keySlot`. */
export type Keyring = Map<string, Entry>

const CACHED_MAX = 50_000
/** A cached principal is served only while the last look at the epochs is younger than this, so a revoked key dies within a second. */
export const WATCH_AGE_MAX_MS = 800
/** A caller waits for a look that began at most so long before it, rather than for one of its own; part of the same second. */
const SHARED_LOOK_MAX_MS = 100
const LOOKS_MAX = 3
/** No epoch: of an entry without a principal. */
const NEVER = -1

/**
 * Who is behind this key? At once when that is known, else a promise. Throws, or rejects with, `key_missing`,
 * `key_malformed` (without touching the database), `key_unknown`, or `key_revoked`, which also stands for expired and
 * disabled.
 */
export function findPrincipal(ctx: Ctx, clearText: string | null): Principal | Promise<Principal> {
  const slot = keySlot(clearText)
  return currentPrincipal(ctx, slot) ?? readPrincipal(ctx, clearText!, slot)
}

/** The key that a connection sent last, with its slot: most connections send one key for as long as they last. */
export type KeyMemo = { clearText: string; slot: string }

/** Where a key is kept: its SHA-256, a character for each byte. '' when it is too long to be one. Throws `key_missing`. */
export function keySlot(clearText: string | null, memo: KeyMemo | null = null): string {
  if (clearText === null || clearText === '') throw new DomainError('key_missing', 'No API key was sent.')
  if (memo !== null && memo.clearText === clearText) return memo.slot
  // Before its form is looked at: most keys are known, and digesting is cheaper than matching.
  const slot = clearText.length > KEY_LENGTH_MAX ? '' : hash('sha256', clearText, 'binary')
  if (memo !== null) {
    memo.clearText = clearText
    memo.slot = slot
  }
  return slot
}

/** The principal in memory, if it still holds for sure. */
export function currentPrincipal(ctx: Ctx, slot: string): Principal | null {
  const entry = ctx.keyring.get(slot)
  if (entry === undefined || entry.principal === null) return null
  const { watch } = ctx
  const { access, plans } = watch.value
  if (entry.access !== access || entry.plans !== plans || watch.ageMs() >= WATCH_AGE_MAX_MS) return null
  const { expiresAtMs } = entry.principal
  if (expiresAtMs !== null && expiresAtMs <= ctx.clock.now().getTime()) return null
  return entry.principal
}

/** Whether this node knows the key from before, though it may have changed since. */
export function isRemembered(ctx: Ctx, slot: string): boolean {
  return (ctx.keyring.get(slot)?.principal ?? null) !== null
}

/**
 * Reads the principal from the database; callers of one key at the same time share the look. Throws `key_malformed`;
 * rejects with `key_unknown` or `key_revoked`.
 */
export function readPrincipal(ctx: Ctx, clearText: string, slot: string): Promise<Principal> {
  if (!parseKeyText(clearText)) throw new DomainError('key_malformed', 'This is not the form of an API key.')
  return readThrough(ctx, slot, () => loadByKey(ctx, slot))
}

/** As `readPrincipal`, for a slot that `load` knows how to read. What it rejects with is passed on. */
export function readThrough(ctx: Ctx, slot: string, load: () => Promise<Principal>): Promise<Principal> {
  // The epochs from before the look: has the key changed since, the next poll shows newer ones and the entry is void.
  const { access, plans } = ctx.watch.value
  const beganAtMs = ctx.clock.elapsedMs()
  const entry: Entry = ctx.keyring.get(slot) ?? { principal: null, access: NEVER, plans: NEVER, look: null }
  const { look: shared } = entry
  if (
    shared?.promise &&
    shared.access === access &&
    shared.plans === plans &&
    beganAtMs - shared.beganAtMs <= SHARED_LOOK_MAX_MS
  ) {
    return shared.promise
  }
  // Put at the end, so that the key that was read longest ago is the first to be forgotten.
  ctx.keyring.delete(slot)
  ctx.keyring.set(slot, entry)
  if (ctx.keyring.size > CACHED_MAX) ctx.keyring.delete(ctx.keyring.keys().next().value!)
  const look: Look = { access, plans, beganAtMs, promise: null }
  entry.look = look
  return (look.promise = lookUp(ctx, slot, { entry, look, load }))
}

async function lookUp(
  ctx: Ctx,
  slot: string,
  { entry, look, load }: { entry: Entry; look: Look; load: () => Promise<Principal> },
): Promise<Principal> {
  try {
    const principal = await loadCurrent(ctx, look, load)
    entry.principal = principal
    entry.access = look.access
    entry.plans = look.plans
    return principal
  } catch (error) {
    // Any other failure, such as a busy database, says nothing about the key.
    if (error instanceof DomainError && error.code !== 'busy') entry.principal = null
    throw error
  } finally {
    if (entry.look === look) entry.look = null
    if (entry.principal === null && entry.look === null && ctx.keyring.get(slot) === entry) ctx.keyring.delete(slot)
  }
}

/** Reads until what was read is as current as a principal in memory has to be; a slow database must not let revoked keys in. */
async function loadCurrent(ctx: Ctx, look: Look, load: () => Promise<Principal>): Promise<Principal> {
  for (let looks = 1; looks <= LOOKS_MAX; looks++) {
    const principal = await load()
    const { access, plans } = ctx.watch.value
    const isQuick = ctx.clock.elapsedMs() - look.beganAtMs < WATCH_AGE_MAX_MS
    if (isQuick || (access === look.access && plans === look.plans && ctx.watch.ageMs() < WATCH_AGE_MAX_MS)) {
      return principal
    }
    look.access = access
    look.plans = plans
    look.beganAtMs = ctx.clock.elapsedMs()
  }
  throw new DomainError('busy', 'The server is busy; try again in a moment.', { retryAfterSeconds: 1 })
}

async function loadByKey(ctx: Ctx, slot: string): Promise<Principal> {
  const row = await keyByDigest(ctx.db, Buffer.from(slot, 'binary'))
  if (!row) throw new DomainError('key_unknown', 'This API key is not known.')
  requireActive(row, ctx.clock.now())
  const { liveId, isSandbox } = await accountOwner(ctx.db, row.account_id)
  const terms = await readTerms(ctx.db, liveId)
  return toPrincipal(row, { liveAccountId: liveId, isSandbox, terms })
}

function toPrincipal(row: KeyRow, account: Pick<Principal, 'liveAccountId' | 'isSandbox' | 'terms'>): Principal {
  return {
    keyId: row.id,
    accountId: row.account_id,
    ...account,
    style: row.style,
    mode: row.mode,
    scopes: new Set(row.scopes as Scope[]),
    allow: row.allow.map((network) => parseNetwork(network)!),
    expiresAtMs: row.expires_at?.getTime() ?? null,
    capCalls: row.cap_calls,
    capUsdMicros: row.cap_usd_micros,
    capKey: row.cap_key ?? row.id,
    lastAddress: { text: '', isAllowed: false },
  }
}

/** Throws `address_not_allowed` or `scope_missing`. */
export function checkPrincipal(principal: Principal, address: string, scope: RouteScope): void {
  if (principal.allow.length > 0 && !isAllowedFrom(principal, address)) {
    throw new DomainError('address_not_allowed', 'This API key may not be used from this address.')
  }
  if (scope !== 'public' && !principal.scopes.has(scope)) {
    const has = [...principal.scopes].join(', ') || 'none'
    throw new DomainError('scope_missing', `Insufficient scope. Required: ${scope}. Your key has: ${has}`)
  }
}

function isAllowedFrom({ allow, lastAddress }: Principal, address: string): boolean {
  if (lastAddress.text !== address) {
    lastAddress.isAllowed = isInNetworks(address, allow)
    lastAddress.text = address
  }
  return lastAddress.isAllowed
}
