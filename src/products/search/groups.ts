import { type Catalogue, type Storefront } from '../catalog/product.ts'

const STOREFRONTS: readonly Storefront[] = ['taobao', 'weidian', '1688', 'goofish']

/** The number under which a product's pictures stand in the index, so that a search can look at its own alone. */
export function groupOf(catalogue: Catalogue, storefront: Storefront): number {
  return (catalogue === 'demo' ? 8 : 0) + STOREFRONTS.indexOf(storefront)
}

/** The groups of these catalogues, of one storefront or of all. */
export function groupsOf(catalogues: readonly Catalogue[], storefront: Storefront | null): number[] {
  const storefronts = storefront === null ? STOREFRONTS : [storefront]
  return catalogues.flatMap((catalogue) => storefronts.map((each) => groupOf(catalogue, each)))
}
