import { demoListings } from '../../../src/demo/catalogue.ts'
import type { Ctx } from '../../../src/ctx.ts'
import { storeDemo, type DemoListing } from '../../../src/products/catalog/catalog.ts'

export const SHOES = 12_345
/** Sold from two on. */
export const WHOLESALE = 12_346
export const BACKPACK = 67_890
/** Without a list of skus and without a known stock. */
export const PLAIN = 500_001

/** Puts four products on sale in the demo, and nothing else; `changes` by their ids. */
export async function stock(
  ctx: Pick<Ctx, 'db' | 'clock'>,
  changes: Record<number, (listing: DemoListing) => Partial<DemoListing>> = {},
): Promise<void> {
  const listings = demoListings().filter(({ id }) => [SHOES, WHOLESALE, BACKPACK, PLAIN].includes(id))
  const shelf = listings.map((listing) => (listing.id === PLAIN ? { ...listing, skus: [], stock: null } : listing))
  await storeDemo(
    ctx,
    shelf.map((listing) => ({ ...listing, ...changes[listing.id]?.(listing) })),
  )
}

/** A change of one sku, for `stock`. */
export function sku(skuId: string, change: Partial<DemoListing['skus'][number]>) {
  return ({ skus }: DemoListing): Partial<DemoListing> => ({
    skus: skus.map((each) => (each.skuId === skuId ? { ...each, ...change } : each)),
  })
}
