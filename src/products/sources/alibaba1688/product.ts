import { hash } from 'node:crypto'
import { readDescription } from '../description.ts'
import { grams, volumeCm3 } from '../measures.ts'
import { foldOptions } from '../options.ts'
import { pictureUrl } from '../pictures.ts'
import { readPlace } from '../places.ts'
import { decimal, digits, distinct, fenOfYuan, list, lowest, positive, record, rows, text, whole } from '../wobble.ts'
import type { Choice, SpeltSku } from '../options.ts'
import type { Answer } from '../source.ts'
import type { Listing, ListingRef, Translation } from '../../listing.ts'

type Fields = Readonly<Record<string, unknown>>

/** Reads the product of a good answer. `language` is what the translated fields were asked for in. */
export function readProduct(ref: ListingRef, product: Fields, language: string): Answer {
  const title = text(product['subject'])
  if (title === null) return { kind: 'failed', reason: 'the product has no title', retry: false, item: true }

  const sale = record(product['productSaleInfo'])
  const shipping = record(product['productShippingInfo'])
  const priceRanges = readRanges(sale['priceRangeList'])
  const { options, skus } = foldOptions(readSkus(product, priceRanges[0]?.priceFen ?? null))
  const description = readDescription(product['description'])
  const photos = record(product['productImage'])
  const prices = priceOf(sale)

  const listing: Listing = {
    marketplace: ref.marketplace,
    listingId: ref.listingId,
    title,
    description: description.text,
    priceFen: lowest(skus.map((sku) => sku.priceFen)) ?? priceRanges[0]?.priceFen ?? prices.priceFen,
    originalPriceFen: lowest(skus.map((sku) => sku.originalPriceFen)),
    priceRanges,
    minimumOrder: positive(product['minOrderQuantity']),
    unit: text(record(sale['unitInfo'])['unit']),
    stock: whole(sale['amountOnSale']),
    sales: whole(product['soldOut']),
    images: distinct([...list(photos['images']).map(pictureUrl), pictureUrl(photos['whiteImage'])]),
    descriptionImages: description.images,
    options,
    skus,
    attributes: readAttributes(product),
    seller: {
      id: text(product['sellerOpenId']),
      name: text(product['companyName']),
      url: null,
      ...readPlace(shipping['sendGoodsAddressText']),
    },
    ...readMeasures(shipping),
    deliveryDays: null,
    categoryId: digits(product['categoryId']),
    translations: readTranslation(product, sale, language),
  }
  return { kind: 'found', listing }
}

/** What one piece costs. The fields stand from the plainest offer to the narrowest; a promotion counts when lower. */
function priceOf(fields: Fields): { priceFen: number | null; originalPriceFen: number | null } {
  const resale = record(fields['fenxiaoPriceInfo'] ?? fields['fenxiaoSaleInfo'])
  const told = [fields['price'], fields['consignPrice'], resale['offerPrice'], resale['onePiecePrice']]
  const usual = told.map(fenOfYuan).find((amount) => amount !== null) ?? null
  const promotion = fenOfYuan(fields['promotionPrice'])
  if (promotion === null || (usual !== null && promotion >= usual)) return { priceFen: usual, originalPriceFen: null }
  return { priceFen: promotion, originalPriceFen: usual }
}

function readRanges(value: unknown): Listing['priceRanges'] {
  return rows(value)
    .map((row) => ({ minQuantity: positive(row['startQuantity']), ...priceOf(row) }))
    .filter((step) => step.minQuantity !== null && step.priceFen !== null)
    .map(({ minQuantity, priceFen }) => ({ minQuantity: minQuantity!, priceFen: priceFen! }))
    .sort((one, other) => one.minQuantity - other.minQuantity)
}

/** A product priced by quantity has skus without a price: the first step is what one of them costs. */
function readSkus(product: Fields, firstStepFen: number | null): SpeltSku[] {
  const optionOf = optionIds()
  return rows(product['productSkuInfos']).flatMap((row) => {
    const skuId = digits(row['skuId'])
    if (skuId === null) return []
    const prices = priceOf(row)
    const choices = rows(row['skuAttributes']).flatMap((each) => readChoice(each, optionOf))
    return [
      {
        skuId,
        specId: text(row['specId']),
        choices,
        priceFen: prices.priceFen ?? firstStepFen,
        originalPriceFen: prices.originalPriceFen,
        stock: whole(row['amountOnSale']),
        image: choices.find(({ image }) => image)?.image ?? null,
      },
    ]
  })
}

function readChoice(attribute: Fields, optionOf: (id: unknown, name: string) => string): Choice[] {
  const optionName = text(attribute['attributeName'])
  const valueName = text(attribute['value'])
  if (optionName === null || valueName === null) return []
  const optionId = optionOf(attribute['attributeId'], optionName)
  return [{ optionId, optionName, valueId: nameId(valueName), valueName, image: pictureUrl(attribute['skuImageUrl']) }]
}

/** Attribute ids, unless two attributes of one product share an id, as attributes that a seller made up do. */
function optionIds(): (id: unknown, name: string) => string {
  const names = new Map<string, string>()
  return (id, name) => {
    const told = text(id)
    const known = told !== null && /^\d{1,20}$/.test(told) ? told : nameId(name)
    if (!names.has(known)) names.set(known, name)
    return names.get(known) === name ? known : nameId(name)
  }
}

/** 1688 gives values no id. One made from the name stays the same when the seller adds or removes others. */
function nameId(name: string): string {
  return String(Number.parseInt(hash('sha256', name, 'hex').slice(0, 10), 16))
}

function readAttributes(product: Fields): Listing['attributes'] {
  return rows(product['productAttribute']).flatMap((row) => {
    const name = text(row['attributeName'])
    const value = text(row['value'])
    return name === null || value === null ? [] : [{ name, value }]
  })
}

/**
 * Weight and size are what the seller typed, in grams or kilograms depending on the list: the heaviest sku counts, so
 * that freight is not told too low.
 */
function readMeasures(shipping: Fields): Pick<Listing, 'weightGrams' | 'sizeCm3'> {
  const groups = [
    rows(shipping['skuShippingInfoList']).map((row) => parcelOf(row, 1)),
    rows(shipping['skuShippingDetails']).map((row) => parcelOf(row, 1_000)),
    [parcelOf(shipping, 1_000)],
  ]
  const most = (key: 'weightGrams' | 'sizeCm3') =>
    groups.map((group) => highest(group.map((parcel) => parcel[key]))).find((value) => value !== null) ?? null
  return { weightGrams: most('weightGrams'), sizeCm3: most('sizeCm3') }
}

function parcelOf(row: Fields, gramsPerUnit: number): Pick<Listing, 'weightGrams' | 'sizeCm3'> {
  const weight = decimal(row['weight'])
  return {
    weightGrams: weight === null ? null : grams(weight * gramsPerUnit),
    sizeCm3: volumeCm3(row['length'], row['width'], row['height']),
  }
}

function highest(values: readonly (number | null)[]): number | null {
  return values.reduce((most, each) => (each !== null && (most === null || each > most) ? each : most), null)
}

function readTranslation(product: Fields, sale: Fields, language: string): Listing['translations'] {
  const terms = new Map<string, string>()
  const learn = (original: unknown, translated: unknown) => {
    const from = text(original)
    const to = text(translated)
    if (from !== null && to !== null && !terms.has(from)) terms.set(from, to)
  }
  const skuAttributes = rows(product['productSkuInfos']).flatMap((row) => rows(row['skuAttributes']))
  for (const row of [...rows(product['productAttribute']), ...skuAttributes]) {
    learn(row['attributeName'], row['attributeNameTrans'])
    learn(row['value'], row['valueTrans'])
  }
  const unit = record(sale['unitInfo'])
  learn(unit['unit'], unit['transUnit'])

  const title = text(product['subjectTrans'])
  // The vendor also sends the address of a page that holds the translation.
  const description = /^https?:/.test(text(product['descriptionTrans']) ?? '')
    ? null
    : readDescription(product['descriptionTrans']).text
  const translation: Translation = {
    ...(title === null ? {} : { title }),
    ...(description === null ? {} : { description }),
    ...(terms.size === 0 ? {} : { terms: Object.fromEntries(terms) }),
  }
  return Object.keys(translation).length === 0 ? {} : { [language]: translation }
}
