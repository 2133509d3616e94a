import type { Product, Scope } from '../../products/catalog/product.ts'
import { namesOf } from '../../products/catalog/skus.ts'
import { DEFAULT_LANGUAGE } from '../../products/translation/languages.ts'
import type { CartLineRow } from './cart.sql.ts'
import { notOnSale, quantityFault, wareOf, type Ware } from './ware.ts'

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
  /** Why it cannot be ordered just now, or null. */
  problem: string | null
}

export type Cart = {
  lines: CartLine[]
  /** Of the selected lines that can be bought. */
  totalFen: number
}

/** Stored lines beside what their products are now. Lines of one sku share its stock. */
export function readCart(rows: readonly CartLineRow[], products: ReadonlyMap<number, Product>, scope: Scope): Cart {
  const lines = rows.map((row) => {
    const product = products.get(row.product_id)
    const ware = wareOf(product, { skuId: row.sku_id, quantity: row.quantity }, scope)
    if (ware === null) return goneLine(row, product)
    const others = rows.filter((each) => each !== row && each.selected && isSameSku(each, row))
    const fault = quantityFault(ware, row.quantity, row.selected ? sumOf(others) : 0)
    return { ...lineOf(row, ware), changes: changesOf(row, ware), problem: fault && fault.message }
  })
  const counted = lines.filter(({ selected, problem }) => selected && problem === null)
  return { lines, totalFen: counted.reduce((sum, { priceFen, quantity }) => sum + priceFen * quantity, 0) }
}

function lineOf(
  { id, product_id: productId, sku_id: skuId, quantity, selected, remark }: CartLineRow,
  { title, skuName, priceFen, stock, image }: Pick<Ware, 'title' | 'skuName' | 'priceFen' | 'stock' | 'image'>,
) {
  return { id, productId, title, skuId, skuName, priceFen, quantity, image, selected, stock, remark }
}

function goneLine(row: CartLineRow, product: Product | undefined): CartLine {
  const names = product ? namesOf(product, null, DEFAULT_LANGUAGE) : { title: '', skuName: '' }
  const shown = { ...names, priceFen: row.seen_price_fen, stock: 0, image: product?.images[0] ?? null }
  const { message: problem } = notOnSale({ productId: row.product_id, skuId: row.sku_id })
  return { ...lineOf(row, shown), changes: [{ kind: 'gone' }], problem }
}

function isSameSku(one: CartLineRow, two: CartLineRow): boolean {
  return one.product_id === two.product_id && one.sku_id === two.sku_id
}

function sumOf(rows: readonly CartLineRow[]): number {
  return rows.reduce((sum, { quantity }) => sum + quantity, 0)
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
