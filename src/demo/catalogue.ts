import { buildProduct, type DemoListing, type DemoProduct, type Look } from './build.ts'
import { specialProducts } from './contract.ts'
import { CARRY } from './data/carry.ts'
import { HOME } from './data/home.ts'
import { TECH } from './data/tech.ts'
import { WEAR } from './data/wear.ts'

export type { DemoListing } from './build.ts'

/** Real products have numbers from 1,000,000; these stay below, and each kind has a hundred of its own. */
const FIRST_ID = 500_000

let made: { listings: DemoListing[]; looks: Map<string, Look> } | null = null

/** About 200 invented products over all five marketplaces, the same on every machine. Takes a few milliseconds, once. */
export function demoListings(): readonly DemoListing[] {
  return (made ??= make()).listings
}

/** How a demo listing is drawn; null for any other id. Listing ids are unique over all marketplaces here. */
export function findLook(listingId: string): Look | null {
  return (made ??= make()).looks.get(listingId) ?? null
}

function make() {
  const kinds = [...WEAR, ...CARRY, ...HOME, ...TECH]
  const products: DemoProduct[] = [
    ...specialProducts(kinds),
    ...kinds.flatMap((kind) =>
      kind.rows.map((row, at) => buildProduct(kind, row, FIRST_ID + kind.number * 100 + at + 1)),
    ),
  ]
  return {
    listings: products.map(({ listing }) => listing),
    looks: new Map(products.map(({ listing, look }) => [listing.listingId, look])),
  }
}
