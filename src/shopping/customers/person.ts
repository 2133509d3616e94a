import { forgetAnswers } from '../../access/idempotency/idempotency.ts'
import { unlinkIdentities } from '../../access/keys/oidc.ts'
import { oidcIdentityList } from '../../access/keys/oidc.sql.ts'
import { audit } from '../../events/audit/audit.ts'
import type { Ctx } from '../../ctx.ts'
import { addressDeleteAll, addressesLock, addressList } from './addresses.sql.ts'
import { favoriteDeleteAll, favoriteList } from './favorites.sql.ts'
import { exportIdentifiers } from './identifiers.ts'
import { identifiersDeleteAll } from './identifiers.sql.ts'
import { customerById, customerDelete } from './profile.sql.ts'

/** The columns that hold personal data, all of them in this folder: what may not be logged, nor leave it otherwise. */
export const PII_COLUMNS = [
  ['customer', 'username'],
  ['customer', 'email'],
  ['customer', 'avatar'],
  ['customer', 'language'],
  ['address', 'name'],
  ['address', 'phone'],
  ['address', 'phone_e164'],
  ['address', 'country'],
  ['address', 'state'],
  ['address', 'city'],
  ['address', 'address'],
  ['address', 'zip_code'],
] as const

/** The routes whose answers hold such data; those to requests with an Idempotency-Key are kept for a day. */
const PII_ROUTES = ['/api/v1/user/profile', '/api/v1/user/addresses']

/** Everything that is kept of a person, as plain JSON: times are text. */
export async function exportPerson(
  ctx: Pick<Ctx, 'db' | 'riskKeys'>,
  accountId: number,
): Promise<Record<string, unknown>> {
  const { db } = ctx
  const favorites = await favoriteList(db, accountId)
  const identities = await oidcIdentityList(db, accountId)
  return {
    profile: await customerById(db, accountId),
    addresses: await addressList(db, accountId),
    favorites: favorites.map((row) => ({
      id: row.id,
      productId: row.product_id,
      addedAt: row.added_at.toISOString(),
      toldFen: row.told_fen,
    })),
    identities: identities.map(({ linkedAt, ...identity }) => ({ ...identity, linkedAt: linkedAt.toISOString() })),
    orders: await exportIdentifiers(ctx, accountId),
  }
}

/**
 * Deletes everything that is kept of a person, with their login and what was known of them when they ordered, and notes who did it; the
 * account and its orders stay, without a name.
 */
export async function erasePerson(
  { db, clock }: Pick<Ctx, 'db' | 'clock'>,
  { accountId, actor, reason }: { accountId: number; actor: string; reason: string },
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await addressesLock(tx, accountId)
    await favoriteDeleteAll(tx, accountId)
    await addressDeleteAll(tx, accountId)
    await customerDelete(tx, accountId)
    await identifiersDeleteAll(tx, accountId)
    await forgetAnswers(tx, accountId, PII_ROUTES)
    const at = clock.now()
    await unlinkIdentities(tx, { accountId, actor, at })
    await audit(tx, { at, actor, action: 'person.erase', accountId, subject: `account:${accountId}`, reason })
  })
}
