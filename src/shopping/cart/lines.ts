import type { Product, Scope } from '../../products/catalog/product.ts'
import { namesOf } from '../../products/catalog/skus.ts'
import { DEFAULT_LANGUAGE } from '../../products/translation/languages.ts'
import type { CartLineRow } from './cart.sql.ts'
import { quantityFault, wareOf, type Ware } from './ware.ts'

/** What became of a line since its customer last read the cart. `gone` is told each time: such a line shows nothing else. */
export type Change =
  | { kind: 'price'; fromFen: number; toFen: number }
  | { kind: 'stock'; stock: number | null }
  | { kind: 'gone' }

export type CartLine = {
  id: number
  productId: number
  title: string
  skuId: string
  skuName: string
  /** Of one piece, now; of a line that is gone, as it was last seen. */
  priceFen: number
  quantity: number
  image: string | null
  selected: boolean
  /** Null: unknown. */
  stock: number | null
  remark: string
  changes: Change[]
}

export type Cart = {
  lines: CartLine[]
  /** Of the selected lines that can be bought. */
  totalFen: number
}

/** A stored line beside what its product is now, and what can be bought of that: null when nothing. */
export function readLine(
  row: CartLineRow,
  product: Product | undefined,
  scope: Scope,
): { line: CartLine; ware: Ware | null } {
  const { id, product_id: productId, sku_id: skuId, quantity, selected, remark } = row
  const line = { id, productId, skuId, quantity, selected, remark }
  const ware = wareOf(product, skuId, scope)
  if (ware === null) {
    const names = product ? namesOf(product, null, DEFAULT_LANGUAGE) : { title: '', skuName: '' }
    const image = product?.images[0] ?? null
    const changes: Change[] = [{ kind: 'gone' }]
    return { line: { ...line, ...names, priceFen: row.seen_price_fen, image, stock: 0, changes }, ware }
  }
  const { title, skuName, priceFen, stock, image } = ware
  return { line: { ...line, title, skuName, priceFen, image, stock, changes: changesOf(row, ware) }, ware }
}

/** What the selected lines cost together. Left out is what could not be ordered just now: lines of one sku share its stock. */
export function totalOf(read: readonly { line: CartLine; ware: Ware | null }[]): number {
  const selected = read.filter(({ line }) => line.selected)
  const counted = selected.filter(({ line, ware }) => {
    const same = selected.filter((each) => each.line.productId === line.productId && each.line.skuId === line.skuId)
    const all = same.reduce((sum, each) => sum + each.line.quantity, 0)
    return ware !== null && quantityFault(ware, line.quantity, all - line.quantity) === null
  })
  return counted.reduce((sum, { line }) => sum + line.priceFen * line.quantity, 0)
}

function changesOf(
  seen: CartLineRow,
  { priceFen: toFen, stock }: { priceFen: number; stock: number | null },
): Change[] {
  const fromFen = seen.seen_price_fen
  const changes: Change[] = []
  if (fromFen !== toFen) changes.push({ kind: 'price', fromFen, toFen })
  if (seen.seen_stock !== stock) changes.push({ kind: 'stock', stock })
  return changes
}
