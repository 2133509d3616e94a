import type { Marketplace } from '../products/links/marketplaces.ts'
import type { Listing, Option, Seller, Sku } from '../products/listing.ts'
import type { Kind, Row } from './data/kind.ts'
import { PALETTE, PERSONS, SELLERS, SIZES, WORDS, type ColourName } from './data/palette.ts'
import type { Motif } from './pen.ts'
import { cutOf, type Cut } from './cut.ts'
import { seeded, type Seeded } from './seeded.ts'
import type { ShapeName } from './shapes/shapes.ts'
import { picturePath, qcPath, viewOfColour, viewsOf } from './views.ts'

/** A listing with the number it has here. `qcPhotos` are paths below `/media/`, as `images` are. */
export type DemoListing = Listing & { id: number; qcPhotos: string[] }

/** What a product is drawn with; colours are `#rrggbb`, in the order of the colour option. */
export type Look = {
  marketplace: Marketplace
  shape: ShapeName
  group: Kind['group']
  cut: Cut
  variant: number
  motif: Motif
  accent: string
  colours: string[]
  weightGrams: number
  /** Of the package. */
  boxCm: Kind['boxCm']
}

export type DemoProduct = { listing: DemoListing; look: Look }

const MARKETS = { t: 'taobao', m: 'tmall', w: 'weidian', a: '1688', g: 'goofish' } as const
const MOTIF_WORDS: Record<Motif, string> = {
  plain: '纯色',
  stripe: '条纹',
  pin: '细条纹',
  check: '格纹',
  dots: '波点',
  speckle: '斑点釉',
  waves: '水波纹',
  sprig: '枝叶',
  grid: '方格',
  zigzag: '人字纹',
  stars: '星星',
  terrazzo: '水磨石',
}

/**
 * Makes the whole product of a row: the same for the same id on every machine. `fixed` replaces single fields, which is
 * how listings with given ids and figures are made.
 */
export function buildProduct(kind: Kind, row: Row, id: number, fixed: Partial<DemoListing> = {}): DemoProduct {
  const [market, title, titleEn, yuan, colourList, motif, accent, variant] = row
  const marketplace = MARKETS[market]
  const dice = seeded(`demo ${id}`)
  const listingId = fixed.listingId ?? listingNumber(marketplace, dice)
  const colours = colourList.split(' ') as ColourName[]
  const images = viewsOf(colours.length).map((_, at) => picturePath(listingId, at + 1))
  const options = market === 'g' ? [] : optionsOf(kind, marketplace, listingId, colours)
  const skus = skusOf({ kind, marketplace, listingId, options, dice, priceFen: Math.round(yuan * 100) })
  const priceFen = Math.min(...skus.map((sku) => sku.priceFen!))
  // What the title promises, when it names a material: two characters tell them apart.
  const material = kind.materials.find((each) => title.includes(each.slice(0, 2))) ?? dice.pick(kind.materials)
  const attributes = attributesOf(kind, market, motif, material, dice)
  const weightGrams = Math.round(kind.weightGrams * dice.between(0.9, 1.12))
  const text = describe(kind, market, material, dice)

  const listing: DemoListing = {
    id,
    marketplace,
    listingId,
    title,
    description: text.original,
    priceFen,
    originalPriceFen: 'tm'.includes(market) ? Math.ceil((priceFen * dice.between(1.2, 1.9)) / 1000) * 1000 - 100 : null,
    ...wholesale(kind, market, priceFen, dice),
    unit: kind.unit,
    stock: skus.reduce((sum, sku) => sum + sku.stock!, 0),
    sales: market === 'g' ? 0 : Math.round(10 ** dice.between(1, market === 'a' ? 5 : 4)),
    images,
    options,
    skus,
    attributes,
    seller: sellerOf(kind, marketplace, dice),
    weightGrams,
    sizeCm3: Math.round(kind.boxCm.reduce((volume, side) => volume * side, 100) * dice.between(0.92, 1.08)) / 100,
    deliveryDays: dice.pick(['1', '2', '2.5', '3', '3-5', '4']),
    categoryId: kind.categoryId,
    translations: {},
    qcPhotos: Array.from({ length: qcCount(market, dice) }, (_, at) => qcPath(listingId, at + 1)),
    ...fixed,
  }
  listing.translations = { en: { title: titleEn, description: text.english, terms: termsOf(listing) } }

  const look: Look = {
    marketplace,
    shape: kind.shape,
    group: kind.group,
    cut: cutOf(listingId),
    variant,
    motif,
    accent: PALETTE[accent][2],
    colours: colours.map((colour) => PALETTE[colour][2]),
    weightGrams: listing.weightGrams!,
    boxCm: kind.boxCm,
  }
  return { listing, look }
}

function listingNumber(marketplace: Marketplace, dice: Seeded): string {
  if (marketplace === 'weidian') return `7${dice.digits(9)}`
  return `${dice.pick(marketplace === 'goofish' ? ['8', '9'] : ['6', '7', '8'])}${dice.digits(11)}`
}

function optionsOf(kind: Kind, marketplace: Marketplace, listingId: string, colours: ColourName[]): Option[] {
  // Taobao numbers options and values; the others count them from 0.
  const numbered = marketplace === 'taobao' || marketplace === 'tmall'
  const colourNames = Object.keys(PALETTE)
  const options: Option[] = [
    {
      id: numbered ? '1627207' : '0',
      name: '颜色',
      values: colours.map((colour, at) => ({
        id: numbered ? String(28_320 + colourNames.indexOf(colour) * 7) : String(at),
        name: PALETTE[colour][0],
        image: picturePath(listingId, viewOfColour(at, colours.length)),
      })),
    },
  ]
  if (kind.sizes) {
    const [name, values] = SIZES[kind.sizes]
    options.push({
      id: numbered ? '20509' : '1',
      name,
      values: values
        .split(',')
        .map((value, at) => ({ id: numbered ? String(28_313 + at) : String(at), name: value, image: null })),
    })
  }
  return options
}

type SkuInput = {
  kind: Kind
  marketplace: Marketplace
  listingId: string
  options: Option[]
  dice: Seeded
  priceFen: number
}

function skusOf({ kind, marketplace, listingId, options, dice, priceFen }: SkuInput): Sku[] {
  const wholesaler = marketplace === '1688'
  const sku = (choices: [string, string][], image: string | null, factor: number): Sku => ({
    skuId: dice.digits(marketplace === 'weidian' ? 11 : 13),
    specId: wholesaler ? Array.from({ length: 4 }, () => dice.whole(2 ** 28, 2 ** 32 - 1).toString(16)).join('') : null,
    choices,
    priceFen: factor === 1 ? priceFen : Math.round((priceFen * factor) / 10) * 10,
    originalPriceFen: null,
    stock: dice.unit() < 0.07 ? 0 : dice.whole(3, wholesaler ? 4_000 : 320),
    image,
  })
  const [colour, size] = options
  if (!colour) return [{ ...sku([], picturePath(listingId, 1), 1), stock: 1 }]

  const factors: readonly number[] = kind.sizes ? SIZES[kind.sizes][3] : [1]
  const skus = colour.values.flatMap((value) =>
    (size?.values ?? [null]).map((each, at) =>
      sku(
        [[colour.id, value.id], ...(size && each ? [[size.id, each.id] as [string, string]] : [])],
        value.image,
        factors[at]!,
      ),
    ),
  )
  // Something can always be bought.
  if (!skus.some((each) => each.stock! > 0)) skus[0]!.stock = 25
  return skus
}

function wholesale(kind: Kind, market: Row[0], priceFen: number, dice: Seeded) {
  if (market !== 'a') return { priceRanges: [], minimumOrder: null }
  const minimumOrder = dice.pick(priceFen < 1_000 ? [10, 20, 50] : priceFen < 5_000 ? [2, 3, 5] : [1, 2])
  // Steps are for sellers with one price for all sizes.
  const onePrice = !kind.sizes || SIZES[kind.sizes][3].every((factor) => factor === 1)
  const step = (times: number, share: number) => ({
    minQuantity: minimumOrder * times,
    priceFen: Math.round(priceFen * share),
  })
  return { priceRanges: onePrice ? [step(1, 1), step(10, 0.94), step(60, 0.87)] : [], minimumOrder }
}

function attributesOf(kind: Kind, market: Row[0], motif: Motif, material: string, dice: Seeded) {
  const style = dice.pick(['简约', '复古', '文艺', '休闲', '通勤', '北欧'])
  return [
    { name: '材质', value: material },
    { name: '图案', value: MOTIF_WORDS[motif] },
    { name: '风格', value: style },
    { name: '适用季节', value: kind.season },
    ...(market === 'g' ? [{ name: '成色', value: dice.pick(['几乎全新', '轻微使用痕迹']) }] : []),
  ]
}

function sellerOf(kind: Kind, marketplace: Marketplace, dice: Seeded): Seller {
  const people = marketplace === 'goofish'
  const own = SELLERS.filter(([, , , group]) => group === kind.group)
  const makers = own.filter(([name]) => name.includes('厂'))
  const [name, city, province] = people
    ? dice.pick(PERSONS)
    : dice.pick(marketplace === '1688' && makers.length > 0 ? makers : own)
  const place = people ? PERSONS.findIndex((each) => each[0] === name) : SELLERS.findIndex((each) => each[0] === name)
  // Leading zeros: no marketplace gives out such a number, so no real shop is named.
  const number = `000${people ? 2 : 1}${String(place + 1).padStart(3, '0')}`
  const urls: Record<Marketplace, string> = {
    taobao: `https://shop${number}.taobao.com/`,
    tmall: `https://shop${number}.tmall.com/`,
    weidian: `https://weidian.com/?userid=${number}`,
    '1688': `https://shop${number}.1688.com/`,
    goofish: `https://www.goofish.com/personal?userId=${number}`,
  }
  return { id: number, name, url: urls[marketplace], city, province }
}

function qcCount(market: Row[0], dice: Seeded): number {
  if (market === 'g') return dice.pick([0, 0, 2, 3])
  return dice.unit() < 0.14 ? 0 : dice.whole(2, 14)
}

function describe(kind: Kind, market: Row[0], material: string, dice: Seeded) {
  const [long, wide, high] = kind.boxCm
  const size = `${long} × ${wide} × ${high}`
  const days = dice.whole(1, 4)
  const used = market === 'g'
  return {
    original: [
      `材质：${material}`,
      `包装尺寸约 ${size} 厘米`,
      '尺寸为手工测量，允许 1 至 3 厘米误差；显示器不同，颜色以实物为准',
      used ? '个人闲置，照片为实物，售出不退' : `下单后 ${days} 天内发货，质量问题包退换`,
    ].join('\n'),
    english: [
      `Material: ${WORDS[material]!.toLowerCase()}`,
      `Packed about ${size} cm`,
      'Measured by hand, so allow 1 to 3 cm; colours look different on different screens',
      used ? 'Second-hand from a private person, sold as pictured' : `Sent within ${days} days; faults are taken back`,
    ].join('\n'),
  }
}

const COLOUR_WORDS = new Map<string, string>(Object.values(PALETTE).map(([word, english]) => [word, english]))
const SIZE_WORDS = new Map<string, string>(
  Object.values(SIZES).flatMap(([, words, english]) => {
    const translated = english.split(',')
    return words.split(',').map((word, at): [string, string] => [word, translated[at]!])
  }),
)

/** The English of every word in options, attributes and unit that is not the same in both languages. */
function termsOf(listing: Listing): Record<string, string> {
  const words = [
    ...listing.options.flatMap((option) => [option.name, ...option.values.map((value) => value.name)]),
    ...listing.attributes.flatMap(({ name, value }) => [name, value]),
    listing.unit ?? '',
  ]
  const english = (word: string) => COLOUR_WORDS.get(word) ?? SIZE_WORDS.get(word) ?? WORDS[word] ?? word
  return Object.fromEntries(words.filter((word) => english(word) !== word).map((word) => [word, english(word)]))
}
