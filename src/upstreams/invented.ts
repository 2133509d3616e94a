import { createHash } from 'node:crypto'
import { GOODS, MANNERS, PLACES, VALUES } from './words.ts'
import type { Word } from './words.ts'

export type InventedOption = { pid: string; name: Word; values: { vid: string; name: Word; image: string | null }[] }
export type InventedSku = { skuId: string; specId: string; picks: number[]; priceFen: number; stock: number }

/** One product of the invented catalogue, in no protocol's form. */
export type Invented = {
  id: string
  tmall: boolean
  title: Word
  priceFen: number
  originalPriceFen: number
  unit: Word
  minimumOrder: number
  ranges: { quantity: number; priceFen: number }[]
  options: InventedOption[]
  skus: InventedSku[]
  stock: number
  attributes: { name: Word; value: Word }[]
  images: string[]
  detailImage: string
  paragraphs: string[]
  sellerId: string
  sellerName: string
  province: string
  city: string
  sales: number
  weightGrams: number
  sidesCm: [number, number, number]
  categoryId: string
}

const ID = /^[1-9]\d{5,18}$/
/** Ids that end so are well formed and unknown. */
const UNKNOWN_END = '404'

/**
 * The product of an id: the same one in every run and in every protocol. Ids of 6 to 19 digits exist, except those that
 * end in 404.
 */
export function findInvented(id: string): Invented | null {
  if (!ID.test(id) || id.endsWith(UNKNOWN_END)) return null
  const draw = dice(id)
  const goods = pick(GOODS, draw)
  const manner = pick(MANNERS, draw)
  const priceFen = 990 + draw(40_000)
  const options = goods.options.map((name, at) => inventOption(id, name, at, draw))
  const [province, city] = pick(PLACES, draw)
  const skus = inventSkus(id, options, priceFen, draw)
  const sellerId = String(100_000_000 + draw(900_000_000))

  return {
    id,
    tmall: draw(4) === 0,
    title: [`${manner[0]}${goods.noun[0]}`, `${manner[1]} ${goods.noun[1]}`],
    priceFen,
    originalPriceFen: priceFen + 1_000,
    unit: goods.unit,
    minimumOrder: 1 + draw(3),
    ranges: [
      { quantity: 2, priceFen },
      { quantity: 50, priceFen: Math.round(priceFen * 0.9) },
      { quantity: 500, priceFen: Math.round(priceFen * 0.8) },
    ],
    options,
    skus,
    stock: skus.length === 0 ? 50 : skus.reduce((sum, sku) => sum + sku.stock, 0),
    attributes: [
      { name: ['材质', 'Material'], value: goods.material },
      { name: ['风格', 'Style'], value: manner },
    ],
    images: [1, 2, 3].map((number) => `img.alicdn.com/imgextra/invented/${id}-${number}.jpg`),
    detailImage: `img.alicdn.com/imgextra/invented/${id}-detail.jpg`,
    paragraphs: [`${manner[0]}设计 & 日常使用`, `材质：${goods.material[0]}`],
    sellerId,
    sellerName: `示例店铺${sellerId.slice(0, 4)}`,
    province,
    city,
    sales: draw(5_000),
    weightGrams: 80 + draw(1_500),
    sidesCm: [10 + draw(30), 5 + draw(20), 2 + draw(10)],
    categoryId: String(50_000_000 + draw(9_000)),
  }
}

function inventOption(id: string, name: Word, at: number, draw: (below: number) => number): InventedOption {
  const words = VALUES[name[0]]!
  const count = Math.min(words.length, 2 + draw(words.length))
  return {
    // Small ids, and negative ones, are in use beside long ones.
    pid: [String(1_627_207 + at), String(at), String(-3 - at)][draw(3)]!,
    name,
    values: words.slice(0, count).map((word, number) => ({
      vid: String(28_320 + number * 7),
      name: word,
      image: at === 0 ? `img.alicdn.com/imgextra/invented/${id}-v${number}.jpg` : null,
    })),
  }
}

function inventSkus(
  id: string,
  options: readonly InventedOption[],
  priceFen: number,
  draw: (below: number) => number,
): InventedSku[] {
  const combinations = options.reduce<number[][]>(
    (sofar, option) => sofar.flatMap((picks) => option.values.map((_, number) => [...picks, number])),
    [[]],
  )
  if (options.length === 0) return []
  // Half of the products have sku ids that no JavaScript number holds.
  const base = draw(2) === 0 ? 4_300_000_000_000n : 9_200_000_000_000_000_000n
  return combinations.map((picks, number) => ({
    skuId: String(base + BigInt(draw(1_000_000)) * 1_000n + BigInt(number)),
    specId: createHash('md5').update(`${id}/${number}`).digest('hex'),
    picks,
    priceFen: priceFen + number * 100,
    stock: draw(300),
  }))
}

/** Whole numbers that depend on the id alone. */
function dice(id: string): (below: number) => number {
  let rolls = 0
  return (below) => createHash('sha256').update(`${id}#${rolls++}`).digest().readUInt32BE() % below
}

function pick<T>(values: readonly T[], draw: (below: number) => number): T {
  return values[draw(values.length)]!
}
