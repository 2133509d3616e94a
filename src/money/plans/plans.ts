import { strict as assert } from 'node:assert'
import type { Db, Tx } from '../../lib/db/db.ts'
import { OperatorError } from '../../lib/errors.ts'
import {
  ADD_ONS,
  byProduct,
  findAddOn,
  findPlan,
  PLANS,
  PRODUCTS,
  type AddOn,
  type Plan,
  type Product,
} from './catalogue.ts'
import { parseOverrides, type Overrides } from './overrides.ts'
import { addOnDelete, addOnInsert, planEpochBump, planInsertAll, planList, planSet } from './plans.sql.ts'
import { resolveTerms, type Standing, type Terms } from './terms.ts'

export { planEpoch } from './plans.sql.ts'

// Plans belong to live accounts. A sandbox has the limits of its live account, so every `accountId` here is a live one's.

/** The plans that a new account starts with. */
export async function openPlans(tx: Tx, accountId: number, plans: Readonly<Record<Product, string>>): Promise<void> {
  for (const product of PRODUCTS) getPlan(product, plans[product])
  await planInsertAll(tx, accountId, plans)
}

/**
 * Puts a product of a live account on a plan, from the next call on every node, and answers what it was on. Overrides are
 * whole: those of before are gone. Throws an `OperatorError` for an unknown plan, for overrides that the product cannot have,
 * and for those that leave no call possible.
 */
export async function setPlan(
  tx: Tx,
  accountId: number,
  product: Product,
  plan: string,
  overrides: Overrides = {},
): Promise<{ plan: string; overrides: Overrides }> {
  getPlan(product, plan)
  parseOverrides(product, overrides)
  const terms = resolveTerms(product, { plan, overrides, addOns: [] })
  if (terms.pot === null && terms.priceUsdMicros === null) {
    throw new OperatorError(`Nothing would pay for a call of ${product}; give the plan units in advance or a price.`)
  }
  const before = await planSet(tx, { accountId, product, plan, overrides })
  assert(before, `account ${accountId} has a plan of ${product} from its beginning`)
  await planEpochBump(tx)
  return { plan: before.plan, overrides: parseOverrides(product, before.overrides) }
}

/** Gives a live account an add-on, from the next call on; `repeated` when it has it. Throws an `OperatorError` for an unknown one. */
export async function addAddOn(
  tx: Tx,
  accountId: number,
  product: Product,
  addOn: string,
): Promise<{ repeated: boolean }> {
  getAddOn(product, addOn)
  const added = await addOnInsert(tx, accountId, product, addOn)
  if (added) await planEpochBump(tx)
  return { repeated: !added }
}

/** Takes an add-on from a live account, from the next call on; `repeated` when it does not have it. */
export async function removeAddOn(
  tx: Tx,
  accountId: number,
  product: Product,
  addOn: string,
): Promise<{ repeated: boolean }> {
  getAddOn(product, addOn)
  const removed = await addOnDelete(tx, accountId, product, addOn)
  if (removed) await planEpochBump(tx)
  return { repeated: !removed }
}

/** What a live account is on, by product. */
export async function readStandings(db: Db, accountId: number): Promise<Record<Product, Standing>> {
  const rows = await planList(db, accountId)
  return byProduct((product) => {
    const row = rows.find((each) => each.product === product)
    assert(row, `account ${accountId} has no plan of ${product}`)
    return { plan: row.plan, overrides: parseOverrides(product, row.overrides), addOns: row.add_ons }
  })
}

/** What a live account may do and what that costs, by product. */
export async function readTerms(db: Db, accountId: number): Promise<Record<Product, Terms>> {
  const standings = await readStandings(db, accountId)
  return byProduct((product) => resolveTerms(product, standings[product]))
}

/** Throws an `OperatorError` that lists what there is. */
export function getPlan(product: Product, id: string): Plan {
  const plan = findPlan(product, id)
  if (plan) return plan
  const ids = PLANS.filter((each) => each.product === product).map((each) => each.id)
  throw new OperatorError(`"${id}" is not a plan of ${product}; choose from ${ids.join(', ')}.`)
}

/** Throws an `OperatorError` that lists what there is. */
export function getAddOn(product: Product, id: string): AddOn {
  const addOn = findAddOn(product, id)
  if (addOn) return addOn
  const ids = ADD_ONS.filter((each) => each.product === product).map((each) => each.id)
  const remedy = ids.length === 0 ? 'it has none' : `choose from ${ids.join(', ')}`
  throw new OperatorError(`"${id}" is not an add-on of ${product}; ${remedy}.`)
}
