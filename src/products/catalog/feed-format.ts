import { isUtf8 } from 'node:buffer'
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { isListingId, MARKETPLACES } from '../links/marketplaces.ts'
import { pictureUrl, webAddress } from '../sources/pictures.ts'
import type { Listing, Sku, Translation } from '../listing.ts'
import { PRICE_FEN_MAX, SALES_MAX, SIZE_CM3_MAX, SKUS_MAX, STOCK_MAX, WEIGHT_GRAMS_MAX } from './absurdity.ts'

/** What a line says; the documentation for those who write feeds is docs/feed.md. */
const text = (maxLength: number) => Type.String({ maxLength })
const maybe = <T extends Type.TSchema>(schema: T) => Type.Optional(Type.Union([schema, Type.Null()]))
const whole = (maximum: number, minimum = 0) => Type.Integer({ minimum, maximum })
const id = Type.String({ minLength: 1, maxLength: 100 })
const picture = Type.String({ minLength: 1, maxLength: 2_000 })
const priceFen = whole(PRICE_FEN_MAX)

const FeedListing = Type.Object({
  marketplace: Type.Enum(MARKETPLACES),
  listing_id: Type.String(),
  title: Type.String({ maxLength: 2_000, pattern: '\\S' }),
  description: maybe(text(100_000)),
  price_fen: maybe(priceFen),
  original_price_fen: maybe(priceFen),
  price_ranges: maybe(
    Type.Array(Type.Object({ min_quantity: whole(STOCK_MAX, 1), price_fen: priceFen }), { maxItems: 20 }),
  ),
  minimum_order: maybe(whole(STOCK_MAX, 1)),
  unit: maybe(text(50)),
  stock: maybe(whole(STOCK_MAX)),
  sales: maybe(whole(SALES_MAX)),
  images: maybe(Type.Array(picture, { maxItems: 100 })),
  options: maybe(
    Type.Array(
      Type.Object({
        id,
        name: text(200),
        values: Type.Array(Type.Object({ id, name: text(500), image: maybe(picture) }), { maxItems: 1_000 }),
      }),
      { maxItems: 20 },
    ),
  ),
  skus: maybe(
    Type.Array(
      Type.Object({
        sku_id: id,
        spec_id: maybe(id),
        choices: maybe(Type.Array(Type.Array(id, { minItems: 2, maxItems: 2 }), { maxItems: 20 })),
        price_fen: maybe(priceFen),
        original_price_fen: maybe(priceFen),
        stock: maybe(whole(STOCK_MAX)),
        image: maybe(picture),
      }),
      { maxItems: SKUS_MAX },
    ),
  ),
  attributes: maybe(Type.Array(Type.Object({ name: text(200), value: text(2_000) }), { maxItems: 500 })),
  seller: maybe(
    Type.Object({
      id: maybe(text(100)),
      name: maybe(text(200)),
      url: maybe(text(2_000)),
      city: maybe(text(100)),
      province: maybe(text(100)),
    }),
  ),
  weight_grams: maybe(Type.Number({ minimum: 0, maximum: WEIGHT_GRAMS_MAX })),
  size_cm3: maybe(Type.Number({ minimum: 0, maximum: SIZE_CM3_MAX })),
  delivery_days: maybe(text(50)),
  category_id: maybe(text(100)),
  translations: maybe(
    Type.Record(
      Type.String({ pattern: '^[a-z]{2}$' }),
      Type.Object({
        title: maybe(text(2_000)),
        description: maybe(text(100_000)),
        terms: maybe(Type.Record(Type.String(), text(2_000))),
      }),
      { additionalProperties: false },
    ),
  ),
})
type FeedListing = Type.Static<typeof FeedListing>

const ADDRESS_FAULT = 'must be an https:// address on a named host, without port or user name.'
const LISTING_ID_FAULT = 'listing_id must be a string of 1 to 19 digits that does not begin with 0.'

const FIELDS: ReadonlySet<string> = new Set(Object.keys(FeedListing.properties))
const validator = Compile(FeedListing)

/** A line's listing, whose pictures may still be paths; or one sentence saying what is wrong with it. */
export type Parsed = { listing: Listing; ignored: string[] } | { fault: string }

/** Reads one line of a feed; null for a blank one. Never throws. */
export function parseFeedLine(bytes: Buffer): Parsed | null {
  if (!isUtf8(bytes)) return { fault: 'the line is not UTF-8.' }
  const line = bytes.toString().replace(/^\ufeff/, '')
  if (line.trim() === '') return null
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (error) {
    return { fault: `the line is not JSON: ${(error as Error).message}.` }
  }
  if (!validator.Check(value)) return { fault: faultOf(value) }
  if (!isListingId(value.listing_id)) return { fault: LISTING_ID_FAULT }
  const faults: string[] = []
  const listing = toListing(value, faults)
  const fault = faults[0] ?? findContradiction(listing)
  return fault === null ? { listing, ignored: Object.keys(value).filter((field) => !FIELDS.has(field)) } : { fault }
}

/** The error that lies deepest: of a choice such as "a number or null", the branch that was meant. */
function faultOf(value: unknown): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'the line is not a JSON object.'
  const errors = validator.Errors(value).filter(({ keyword }) => keyword !== 'anyOf')
  const depth = (path: string) => path.split('/').length
  const [error] = errors
    .filter(({ message }) => message !== 'must be null')
    .sort((a, b) => depth(b.instancePath) - depth(a.instancePath))
  if (!error) return 'the line is not a listing.'
  const field = error.instancePath.slice(1, 200).replaceAll('/', '.')
  if (field === 'marketplace') return `marketplace must be one of ${MARKETPLACES.join(', ')}.`
  if (field === 'listing_id') return LISTING_ID_FAULT
  if (field === 'title') return 'title must be a string of at most 2000 characters, not all blank.'
  if (error.message === 'schema is false') return 'translations must be an object whose keys are two-letter languages.'
  return `${field ? `${field} ` : ''}${error.message.replace('must have required properties', 'lacks')}.`
}

/** Addresses that are none go into `faults`. */
function toListing(line: FeedListing, faults: string[]): Listing {
  const skus = (line.skus ?? []).map((sku): Sku => ({
    skuId: sku.sku_id,
    specId: sku.spec_id ?? null,
    choices: (sku.choices ?? []) as [string, string][],
    priceFen: sku.price_fen ?? null,
    originalPriceFen: sku.original_price_fen ?? null,
    stock: sku.stock ?? null,
    image: sku.image ? readPicture(sku.image, faults) : null,
  }))
  const priceRanges = (line.price_ranges ?? [])
    .map((range) => ({ minQuantity: range.min_quantity, priceFen: range.price_fen }))
    .sort((a, b) => a.minQuantity - b.minQuantity)
  const cheapest = cheapestOf(skus)
  return {
    marketplace: line.marketplace,
    listingId: line.listing_id,
    title: line.title,
    description: line.description ?? null,
    priceFen: cheapest?.priceFen ?? line.price_fen ?? cheapestOf(priceRanges)?.priceFen ?? null,
    originalPriceFen: line.original_price_fen ?? cheapest?.originalPriceFen ?? null,
    priceRanges,
    minimumOrder: line.minimum_order ?? null,
    unit: line.unit ?? null,
    stock: line.stock ?? null,
    sales: line.sales ?? null,
    images: (line.images ?? []).map((image) => readPicture(image, faults)),
    options: (line.options ?? []).map((option) => ({
      id: option.id,
      name: option.name,
      values: option.values.map((each) => ({
        id: each.id,
        name: each.name,
        image: each.image ? readPicture(each.image, faults) : null,
      })),
    })),
    skus,
    attributes: (line.attributes ?? []).map(({ name, value }) => ({ name, value })),
    seller: {
      id: line.seller?.id ?? null,
      name: line.seller?.name ?? null,
      url: readAddress(line.seller?.url, faults),
      city: line.seller?.city ?? null,
      province: line.seller?.province ?? null,
    },
    weightGrams: line.weight_grams ?? null,
    sizeCm3: line.size_cm3 ?? null,
    deliveryDays: line.delivery_days ?? null,
    categoryId: line.category_id ?? null,
    translations: toTranslations(line.translations ?? {}),
  }
}

/** An address as a browser would ask for it; a path stays as it is until the import takes the picture in. */
function readPicture(picture: string, faults: string[]): string {
  if (!picture.startsWith('https://')) return picture
  const address = pictureUrl(picture)
  if (address === null) faults.push(`picture ${picture.slice(0, 200)} ${ADDRESS_FAULT}`)
  return address ?? picture
}

/** The address of a page; with another scheme it could be a script. */
function readAddress(address: string | null | undefined, faults: string[]): string | null {
  if (!address) return null
  const url = webAddress(address)
  if (url === null) faults.push(`seller.url ${ADDRESS_FAULT}`)
  return url?.href ?? null
}

function toTranslations(given: NonNullable<FeedListing['translations']>): Record<string, Translation> {
  return Object.fromEntries(
    Object.entries(given).map(([language, { title, description, terms }]) => [
      language,
      { ...(title && { title }), ...(description && { description }), ...(terms && { terms }) },
    ]),
  )
}

/** Of skus or wholesale steps, the one with the lowest price; null when none has one. */
function cheapestOf<T extends { priceFen: number | null }>(offers: readonly T[]): T | null {
  let cheapest: T | null = null
  for (const offer of offers) {
    if (offer.priceFen !== null && (cheapest === null || offer.priceFen < cheapest.priceFen!)) cheapest = offer
  }
  return cheapest
}

/** What the types cannot say: ids that repeat or point nowhere. */
function findContradiction({ title, options, skus }: Listing): string | null {
  if (title.replaceAll('\0', '').trim() === '') return 'title has nothing to print.'
  if (options.length === 0 && skus.length === 0) return null
  const values = new Map(options.map((option) => [option.id, new Set(option.values.map((value) => value.id))]))
  if (values.size < options.length) return 'options has the same id twice.'
  for (const option of options) {
    if (values.get(option.id)!.size < option.values.length) return `option ${option.id} has the same value id twice.`
  }
  const seen = new Set<string>()
  for (const { skuId, choices } of skus) {
    if (seen.has(skuId)) return `skus has sku_id ${skuId} twice.`
    seen.add(skuId)
    if (choices.length !== options.length) {
      return `sku ${skuId} makes ${choices.length} choices, but there are ${options.length} options.`
    }
    for (const [at, [optionId, valueId]] of choices.entries()) {
      if (optionId !== options[at]!.id) return `sku ${skuId} does not make its choices in the order of options.`
      if (!values.get(optionId)!.has(valueId)) return `sku ${skuId} chooses ${valueId}, which option ${optionId} lacks.`
    }
  }
  return null
}
