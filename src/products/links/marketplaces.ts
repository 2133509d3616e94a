/** Marketplaces whose listings the catalogue can hold. */
export const MARKETPLACES = ['taobao', 'tmall', 'weidian', '1688', 'goofish'] as const
export type Marketplace = (typeof MARKETPLACES)[number]

/** Marketplaces whose links are recognised, with their id, and not carried any further. */
export type UnsupportedMarketplace = 'jd' | 'pinduoduo'

export type AnyMarketplace = Marketplace | UnsupportedMarketplace

const CANONICAL: Record<AnyMarketplace, (listingId: string) => string> = {
  taobao: (id) => `https://item.taobao.com/item.htm?id=${id}`,
  tmall: (id) => `https://detail.tmall.com/item.htm?id=${id}`,
  weidian: (id) => `https://weidian.com/item.html?itemID=${id}`,
  '1688': (id) => `https://detail.1688.com/offer/${id}.html`,
  goofish: (id) => `https://www.goofish.com/item?id=${id}`,
  jd: (id) => `https://item.jd.com/${id}.html`,
  pinduoduo: (id) => `https://mobile.yangkeduo.com/goods.html?goods_id=${id}`,
}

/** The marketplace's own address of a listing. */
export function canonicalUrl(marketplace: AnyMarketplace, listingId: string): string {
  return CANONICAL[marketplace](listingId)
}

/**
 * The marketplace's own address of a shop, by its number or, where shops have names, by its name. Tmall and Taobao
 * share the numbers; 1688 has a second kind of id that starts with `b2b-`.
 */
export function storeUrl(marketplace: Marketplace, storeId: string): string {
  return STORE[marketplace](storeId)
}

const STORE: Record<Marketplace, (storeId: string) => string> = {
  taobao: (id) => `https://${shopLabel(id)}.taobao.com/`,
  tmall: (id) => `https://${shopLabel(id)}.tmall.com/`,
  weidian: (id) => `https://weidian.com/?userid=${id}`,
  '1688': (id) =>
    id.startsWith('b2b-') ? `https://m.1688.com/winport/${id}.html` : `https://${shopLabel(id)}.1688.com/`,
  goofish: (id) => `https://www.goofish.com/personal?userId=${id}`,
}

function shopLabel(storeId: string): string {
  return /^\d+$/.test(storeId) ? `shop${storeId}` : storeId
}

/** Tmall's listings are also Taobao's, under the same numbers. */
export function family(marketplace: AnyMarketplace): AnyMarketplace {
  return marketplace === 'tmall' ? 'taobao' : marketplace
}

/** A listing's id on any marketplace: decimal, without leading zeros. Lengths from 1 to 13 digits are in use. */
export function isListingId(text: string): boolean {
  return LISTING_ID.test(text)
}
const LISTING_ID = /^[1-9]\d{0,18}$/
