import type { Fault } from './control.ts'
import type { Invented } from './invented.ts'

/** An id that exists and is not the one asked for. */
export function otherId(id: string): string {
  return `${id.slice(0, -1)}${id.endsWith('1') ? 2 : 1}`
}

/** Well-formed answers that no shop would give. */
export function absurd(product: Invented, fault: Fault): Invented {
  const times = fault === 'price-times-100' ? 100 : 1
  const sign = fault === 'negative-stock' ? -1 : 1
  if (times === 1 && sign === 1) return product
  return {
    ...product,
    priceFen: product.priceFen * times,
    stock: sign * (product.stock + 1),
    originalPriceFen: product.originalPriceFen * times,
    ranges: product.ranges.map((range) => ({ ...range, priceFen: range.priceFen * times })),
    skus: product.skus.map((sku) => ({ ...sku, priceFen: sku.priceFen * times, stock: sign * (sku.stock + 1) })),
  }
}
