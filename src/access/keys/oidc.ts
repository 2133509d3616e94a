import { hash } from 'node:crypto'
import type { Ctx } from '../../ctx.ts'
import { audit } from '../../events/audit/audit.ts'
import type { Tx } from '../../lib/db/db.ts'
import { DomainError, OperatorError } from '../../lib/errors.ts'
import { readTerms } from '../../money/plans/plans.ts'
import type { Account } from '../accounts/accounts.ts'
import { currentPrincipal, isRemembered, readThrough, type Principal } from './keyring.ts'
import { accessEpochBump } from './keys.sql.ts'
import { isSubject, type Identity } from './identity.ts'
import { oidcIdentityAccount, oidcIdentityDelete, oidcIdentityDeleteAll, oidcIdentityInsert } from './oidc.sql.ts'

/**
 * The text of a token as it was sent; '', which no token is, for what is no text. Throws `key_missing` without a token, and
 * where the settings name no issuer.
 */
export function tokenText({ idTokens }: Pick<Ctx, 'idTokens'>, token: unknown): string {
  if (idTokens === null || token === undefined || token === '') {
    throw new DomainError('key_missing', 'No API key was sent.')
  }
  return typeof token === 'string' ? token : ''
}

/** Whether this node knows the token and its holder from before, though either may have changed since. */
export function isTokenRemembered(ctx: Ctx, text: string): boolean {
  const identity = ctx.idTokens!.recall(text)
  return identity !== null && isRemembered(ctx, identitySlot(identity))
}

/** Where the principal of an identity is kept in the keyring. */
function identitySlot({ issuer, subject }: Identity): string {
  return JSON.stringify([issuer, subject])
}

/**
 * The principal of whoever holds this token. Whether the token is good is found out first, without the database. Rejects as
 * `IdTokens.verify` does, and with `key_unknown` for a holder without an account.
 */
export async function readHolder(ctx: Ctx, text: string): Promise<Principal> {
  const identity = await ctx.idTokens!.verify(text)
  const slot = identitySlot(identity)
  return currentPrincipal(ctx, slot) ?? readIdentity(ctx, identity, slot)
}

function readIdentity(ctx: Ctx, identity: Identity, slot: string): Promise<Principal> {
  return readThrough(ctx, slot, async () => {
    const accountId = await oidcIdentityAccount(ctx.db, identity)
    if (accountId === null) throw new DomainError('key_unknown', 'The holder of this ID token is not known here.')
    return {
      keyId: 0,
      accountId,
      liveAccountId: accountId,
      isSandbox: false,
      style: 'cbk',
      mode: 'live',
      scopes: new Set(['risk:check']),
      allow: [],
      expiresAtMs: null,
      capCalls: null,
      capUsdMicros: null,
      capKey: 0,
      terms: await readTerms(ctx.db, accountId),
      lastAddress: { text: '', isAllowed: false },
    }
  })
}

type Link = Identity & { account: Account; actor: string }

/**
 * Lets the holder of an identity act for an account; `repeated` when they may already. Throws an `OperatorError` for an identity
 * of another account, and for a subject that no token can have.
 */
export async function linkIdentity(ctx: Pick<Ctx, 'db' | 'clock'>, link: Link): Promise<{ repeated: boolean }> {
  const { issuer, subject, account, actor } = link
  if (!isSubject(subject)) {
    throw new OperatorError('A subject has 1 to 255 characters, none of them NUL; it is the `sub` of a token.')
  }
  return ctx.db.transaction().execute(async (tx) => {
    const at = ctx.clock.now()
    const isNew = await oidcIdentityInsert(tx, { issuer, subject, accountId: account.id, at })
    const owner = await oidcIdentityAccount(tx, { issuer, subject })
    if (owner !== account.id) {
      throw new OperatorError(`This identity is linked to account ${owner}; unlink it there first.`)
    }
    const deed = { at, actor, action: 'account.link_oidc', accountId: account.id, subject: `account:${account.id}` }
    if (isNew) await audit(tx, { ...deed, after: traceOf({ issuer, subject }) })
    return { repeated: !isNew }
  })
}

/** Ends within a second what `linkIdentity` began. Throws an `OperatorError` when the account has no such identity. */
export async function unlinkIdentity(ctx: Pick<Ctx, 'db' | 'clock'>, link: Link): Promise<void> {
  const { issuer, subject, account, actor } = link
  await ctx.db.transaction().execute(async (tx) => {
    if (!(await oidcIdentityDelete(tx, { issuer, subject, accountId: account.id }))) {
      throw new OperatorError(`Account ${account.id} has no such identity; look at its subject and issuer.`)
    }
    await endLinks(tx, [{ issuer, subject }], { accountId: account.id, actor, at: ctx.clock.now() })
  })
}

/** As `unlinkIdentity`, for every identity of an account, which may have none; in the transaction of the caller. */
export async function unlinkIdentities(tx: Tx, by: { accountId: number; actor: string; at: Date }): Promise<void> {
  const identities = await oidcIdentityDeleteAll(tx, by.accountId)
  if (identities.length > 0) await endLinks(tx, identities, by)
}

/** Tells every node that these links are gone, and notes who took them away. */
async function endLinks(
  tx: Tx,
  identities: readonly Identity[],
  { accountId, actor, at }: { accountId: number; actor: string; at: Date },
): Promise<void> {
  await accessEpochBump(tx)
  const deed = { at, actor, action: 'account.unlink_oidc', accountId, subject: `account:${accountId}` }
  for (const identity of identities) await audit(tx, { ...deed, before: traceOf(identity) })
}

/** What the audit tells of an identity, which it outlives: enough to know it again, and no name of a person. */
function traceOf({ issuer, subject }: Identity): { issuer: string; subject_sha256: string } {
  return { issuer, subject_sha256: hash('sha256', `${issuer}\0${subject}`) }
}
