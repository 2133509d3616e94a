/** Marketplaces whose listings the catalogue can hold. */
export const MARKETPLACES = ['taobao', 'tmall', 'weidian', '1688', 'goofish'] as const
export type Marketplace = (typeof MARKETPLACES)[number]

const CANONICAL: Record<Marketplace, (listingId: string) => string> = {
  taobao: (id) => `https://item.taobao.com/item.htm?id=${id}`,
  tmall: (id) => `https://detail.tmall.com/item.htm?id=${id}`,
  weidian: (id) => `https://weidian.com/item.html?itemID=${id}`,
  '1688': (id) => `https://detail.1688.com/offer/${id}.html`,
  goofish: (id) => `https://www.goofish.com/item?id=${id}`,
}

/** The marketplace's own address of a listing. */
export function canonicalUrl(marketplace: Marketplace, listingId: string): string {
  return CANONICAL[marketplace](listingId)
}
