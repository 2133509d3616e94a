import { readDescription } from '../description.ts'
import { readSizeCm3, readWeightGrams } from '../measures.ts'
import { foldOptions } from '../options.ts'
import { descriptionPictureUrl, pictureUrl, webAddress } from '../pictures.ts'
import { readPlace } from '../places.ts'
import { digits, distinct, fenOfYuan, list, lowest, positive, record, rows, text, whole, yes } from '../wobble.ts'
import { readKnown, readSkus } from './skus.ts'
import type { Answer } from '../source.ts'
import type { Listing, ListingRef, Seller } from '../../listing.ts'

type Fields = Readonly<Record<string, unknown>>

/** Reads the `item` object of a good answer. `lang` is the language the vendor translated it to, "cn" for none. */
export function readItem(ref: ListingRef, item: Fields, lang: string): Answer {
  const title = text(item['title'])
  if (title === null) return { kind: 'failed', reason: 'the item has no title', retry: false, item: true }

  const known = readKnown(item)
  const { options, skus } = foldOptions(readSkus(item, known), known)
  const description = readDescription(item['desc'])
  const priceRanges = readRanges(item['priceRange'])
  const listing: Listing = {
    marketplace: marketplaceOf(ref, item),
    listingId: ref.listingId,
    title,
    description: description.text,
    priceFen: lowest(skus.map((sku) => sku.priceFen)) ?? fenOfYuan(item['price']) ?? priceRanges[0]?.priceFen ?? null,
    originalPriceFen: fenOfYuan(item['orginal_price']) ?? fenOfYuan(item['original_price']),
    priceRanges,
    minimumOrder: positive(item['min_num']),
    unit: text(item['unit']) ?? text(item['sellUnit']),
    stock: whole(item['num']),
    sales: whole(item['total_sold']) ?? whole(item['sales']),
    images: readImages(item),
    descriptionImages: distinct([...description.images, ...list(item['desc_img']).map(descriptionPictureUrl)]),
    options,
    skus,
    attributes: readAttributes(item, options.length === 0 ? known : []),
    seller: readSeller(item),
    weightGrams: readWeightGrams(item['item_weight']),
    sizeCm3: readSizeCm3(item['item_size']),
    deliveryDays: null,
    categoryId: digits(item['cid']) ?? digits(item['rootCatId']),
    translations: lang === 'cn' || lang.startsWith('zh') ? {} : { [lang]: { title } },
  }
  return { kind: 'found', listing }
}

/** Taobao and Tmall share ids; the answer says which of the two it is, when it says anything. */
function marketplaceOf(ref: ListingRef, item: Fields): ListingRef['marketplace'] {
  if (ref.marketplace !== 'taobao' && ref.marketplace !== 'tmall') return ref.marketplace
  if (yes(item['tmall']) || text(record(item['seller_info'])['shop_type']) === 'B') return 'tmall'
  const told = item['tmall'] === false || text(item['tmall'])?.toLowerCase() === 'false'
  return told ? 'taobao' : ref.marketplace
}

function readImages(item: Fields): string[] {
  // A picture is `{url}` or the bare address.
  const gallery = list(item['item_imgs']).map((each) => pictureUrl(record(each)['url'] ?? each))
  return distinct([pictureUrl(item['pic_url']), ...gallery])
}

/** Wholesale steps `[[quantity, price], …]`; the quantity may be written "2-9" or "≥10". */
function readRanges(value: unknown): Listing['priceRanges'] {
  const steps = list(value).map((step) => {
    const [quantity, price] = list(step)
    return { minQuantity: positive(/\d+/.exec(text(quantity) ?? '')?.[0]), priceFen: fenOfYuan(price) }
  })
  return steps
    .filter((step): step is Listing['priceRanges'][number] => step.minQuantity !== null && step.priceFen !== null)
    .sort((one, other) => one.minQuantity - other.minQuantity)
}

/** `props`, then what is listed as a choice although there is nothing to choose. */
function readAttributes(item: Fields, known: ReturnType<typeof readKnown>): Listing['attributes'] {
  const props = rows(item['props']).map((row) => ({ name: text(row['name']), value: text(row['value']) }))
  const fixed = known.map(({ optionName, valueName }) => ({ name: optionName, value: valueName }))
  const told = [...props, ...fixed].filter(
    (each): each is Listing['attributes'][number] => each.name !== null && each.value !== null,
  )
  return [...new Map(told.map((each) => [JSON.stringify([each.name, each.value]), each])).values()]
}

function readSeller(item: Fields): Seller {
  const info = record(item['seller_info'])
  return {
    id: digits(item['seller_id']) ?? digits(info['user_num_id']),
    name: text(info['shop_name']) ?? text(info['title']) ?? text(info['nick']) ?? text(item['nick']),
    url: webAddress(info['zhuy'])?.href ?? null,
    ...readPlace(item['location']),
  }
}
