import { readDescription } from '../description.ts'
import { foldOptions } from '../options.ts'
import { pictureUrl } from '../pictures.ts'
import { digits, distinct, fenOfFen, list, lowest, record, rows, text, whole } from '../wobble.ts'
import type { Choice, SpeltSku } from '../options.ts'
import type { Answer } from '../source.ts'
import type { Listing, ListingRef, Translation } from '../../listing.ts'

type Fields = Readonly<Record<string, unknown>>
type Property = { pair: string; id: string; name: string; valueId: string; value: string }

/** Reads `data` of a good answer. Amounts are in fen. */
export function readItem(ref: ListingRef, item: Fields): Answer {
  const title = text(item['title'])
  if (title === null) return { kind: 'failed', reason: 'the item has no title', retry: false, item: true }

  const { options, skus } = foldOptions(readSkus(item))
  const description = readDescription(item['description'])
  const prices = priceOf(item)
  const listing: Listing = {
    marketplace: ref.marketplace,
    listingId: ref.listingId,
    title,
    description: description.text,
    priceFen: lowest(skus.map((sku) => sku.priceFen)) ?? prices.priceFen,
    originalPriceFen: prices.originalPriceFen,
    priceRanges: [],
    minimumOrder: null,
    unit: null,
    stock: totalStock(skus.map((sku) => sku.stock)),
    sales: null,
    images: distinct(list(item['pic_urls']).map(pictureUrl)),
    descriptionImages: description.images,
    options,
    skus,
    attributes: rows(item['properties'])
      .flatMap(readProperty)
      .map(({ name, value }) => ({ name, value })),
    seller: { id: digits(item['shop_id']), name: text(item['shop_name']), url: null, city: null, province: null },
    weightGrams: null,
    sizeCm3: null,
    deliveryDays: null,
    categoryId: digits(item['category_id']),
    translations: readTranslation(item),
  }
  return { kind: 'found', listing }
}

/** A coupon is the buyer's to claim, so its price is no price of the item. */
function priceOf(fields: Fields): { priceFen: number | null; originalPriceFen: number | null } {
  const usual = fenOfFen(fields['price'])
  const promotion = fenOfFen(fields['promotion_price'])
  if (promotion === null || (usual !== null && promotion >= usual)) return { priceFen: usual, originalPriceFen: null }
  return { priceFen: promotion, originalPriceFen: usual }
}

function totalStock(stocks: readonly (number | null)[]): number | null {
  const known = stocks.filter((stock) => stock !== null)
  return known.length === 0 ? null : known.reduce((sum, stock) => sum + stock, 0)
}

function readProperty(row: Fields): Property[] {
  const id = text(row['prop_id'])
  const valueId = text(row['value_id'])
  if (id === null || valueId === null || !/^-?\d{1,20}$/.test(id) || !/^-?\d{1,20}$/.test(valueId)) return []
  const name = text(row['prop_name'])
  const value = text(row['value_name'])
  return [{ pair: `${id}:${valueId}`, id, name: name ?? id, valueId, value: value ?? valueId }]
}

function readSkus(item: Fields): SpeltSku[] {
  const pictures = new Map(
    rows(item['property_image_list']).map((row) => [text(row['properties']), pictureUrl(row['image_url'])]),
  )
  return rows(item['sku_list']).flatMap((row) => {
    const skuId = digits(row['sku_id'])
    if (skuId === null) return []
    const choices = rows(row['properties'])
      .flatMap(readProperty)
      .map(({ pair, id, name, valueId, value }): Choice => ({
        optionId: id,
        optionName: name,
        valueId,
        valueName: value,
        image: pictures.get(pair) ?? null,
      }))
    const image = pictureUrl(row['pic_url']) ?? choices.find((choice) => choice.image)?.image ?? null
    return [{ skuId, specId: null, choices, ...priceOf(row), stock: whole(row['quantity']), image }]
  })
}

/** Words are matched by the ids that original and translation share. */
function readTranslation(item: Fields): Listing['translations'] {
  const told = record(item['multi_language_info'])
  const language = text(told['language'])?.toLowerCase() ?? ''
  if (!/^[a-z]{2}(?:-[a-z]{2,4})?$/.test(language)) return {}

  const original = propertiesOf(item['properties'], item['sku_list'])
  const terms = new Map<string, string>()
  for (const [pair, translated] of propertiesOf(told['properties'], told['sku_properties'])) {
    const known = original.get(pair)
    if (known && !terms.has(known.name)) terms.set(known.name, translated.name)
    if (known && !terms.has(known.value)) terms.set(known.value, translated.value)
  }
  const title = text(told['title'])
  const translation: Translation = {
    ...(title === null ? {} : { title }),
    ...(terms.size === 0 ? {} : { terms: Object.fromEntries(terms) }),
  }
  return Object.keys(translation).length === 0 ? {} : { [language]: translation }
}

function propertiesOf(direct: unknown, bySku: unknown): Map<string, Property> {
  const all = [...rows(direct), ...rows(bySku).flatMap((row) => rows(row['properties']))].flatMap(readProperty)
  return new Map(all.map((property) => [property.pair, property]))
}
