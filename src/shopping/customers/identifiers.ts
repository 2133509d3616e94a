import type { Ctx } from '../../ctx.ts'
import type { Tx } from '../../lib/db/db.ts'
import { seal, unseal } from '../../risk/keys/seal.ts'
import { knownKeys } from '../../risk/list/generations.ts'
import type { IdentifierType } from '../../risk/normalise/normalised.ts'
import { listAddresses, type Address } from './addresses.ts'
import { addressesLockShared } from './addresses.sql.ts'
import {
  identifiersByOrder,
  identifiersInsert,
  identifiersListOf,
  identifiersPurge,
  type IdentifiersRow,
} from './identifiers.sql.ts'
import { getProfile } from './profile.ts'

/** Something that tells a shopper from others; `region` is the country of what does not say its own. */
export type Identifier = { type: IdentifierType; value: string; region: string | null }

type KeyCtx = Pick<Ctx, 'db' | 'riskKeys'>

/** Charge backs come within a year and a half. */
const KEPT_MS = 540 * 86_400_000
const PURGED_AT_ONCE = 500

/** What is known of a shopper now, and of where an order is to go to. */
export async function identifiersOf(
  ctx: Pick<Ctx, 'db'>,
  { accountId, addressId }: { accountId: number; addressId: number | null },
): Promise<Identifier[]> {
  const { email, username } = await getProfile(ctx, accountId)
  const addresses = addressId === null ? [] : await listAddresses(ctx, accountId)
  const address = addresses.find(({ id }) => id === addressId)
  return [
    ...(email === null ? [] : [{ type: 'email', value: email, region: null } as const]),
    { type: 'username', value: username, region: null },
    ...(address ? whereTo(address) : []),
  ]
}

/** Until the transaction ends nobody erases this person, nor changes their addresses. Taken before any address is locked. */
export async function lockPerson(tx: Tx, accountId: number): Promise<void> {
  await addressesLockShared(tx, accountId)
}

/**
 * Keeps what was known of a shopper when they ordered, sealed with a key of the risk list: they may call themselves something else
 * by the time that the order comes back. Under `lockPerson`. Rejects with `busy` while this process lacks a key.
 */
export async function keepIdentifiers(
  ctx: KeyCtx & Pick<Ctx, 'random'>,
  tx: Tx,
  { accountId, orderId, at, identifiers }: Of & { at: Date; identifiers: readonly Identifier[] },
): Promise<void> {
  // Whichever is known: what is sealed says by which, and is never wrapped.
  const { ring } = await knownKeys({ ...ctx, db: tx })
  const { generation, bytes } = seal(ring, JSON.stringify(identifiers), {
    about: aboutOf({ accountId, orderId }),
    random: ctx.random,
  })
  await identifiersInsert(tx, { order_id: orderId, account_id: accountId, at, generation, sealed: bytes })
}

/** What was kept of who placed an order; null for nothing, or nothing that this process can read. */
export async function keptIdentifiers(ctx: KeyCtx, tx: Tx, orderId: number): Promise<Identifier[] | null> {
  const row = await identifiersByOrder(tx, orderId)
  return row && openRow(ctx, row)
}

/** All that was kept of an account's orders, by their ids; null for what this process cannot read. */
export async function exportIdentifiers(
  ctx: KeyCtx,
  accountId: number,
): Promise<{ orderId: number; at: string; identifiers: Identifier[] | null }[]> {
  const rows = await identifiersListOf(ctx.db, accountId)
  return Promise.all(
    rows.map(async (row) => {
      return { orderId: row.order_id, at: row.at.toISOString(), identifiers: await openRow(ctx, row) }
    }),
  )
}

/** Deletes what was kept for 540 days; answers how many. */
export async function purgeIdentifiers({ db, clock }: Pick<Ctx, 'db' | 'clock'>): Promise<number> {
  const before = new Date(clock.now().getTime() - KEPT_MS)
  for (let purged = 0; ;) {
    const count = await identifiersPurge(db, before, PURGED_AT_ONCE)
    purged += count
    if (count < PURGED_AT_ONCE) return purged
  }
}

/** Null where the key is lost, as it is when a backup is restored without it. */
async function openRow(ctx: KeyCtx, row: IdentifiersRow): Promise<Identifier[] | null> {
  const { generation, sealed: bytes } = row
  const known = await knownKeys(ctx).catch(() => null)
  const text =
    known && unseal(known.ring, { generation, bytes }, aboutOf({ accountId: row.account_id, orderId: row.order_id }))
  return text === null ? null : (JSON.parse(text) as Identifier[])
}

type Of = { accountId: number; orderId: number }

function aboutOf({ accountId, orderId }: Of): string {
  return `order ${orderId} of account ${accountId}`
}

function whereTo(address: Address): Identifier[] {
  const { phone, country: region } = address
  return [
    { type: 'phone', value: phone, region },
    { type: 'address', value: inOneText(address), region },
  ]
}

function inOneText({ address, city, state, zipCode }: Address): string {
  // A postcode says the state too, and few countries write both.
  const parts = [address, city, zipCode ?? state]
  // Where the widest part is written first.
  const isLargeFirst = /\p{Script=Han}/u.test(address)
  return isLargeFirst ? `${state ?? ''}${city}${address} ${zipCode ?? ''}` : parts.filter(Boolean).join(', ')
}
