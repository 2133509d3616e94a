import { shortYuan } from '../../lib/money.ts'
import type { Product } from '../../products/catalog/product.ts'
import { canonicalUrl } from '../../products/links/marketplaces.ts'
import type { Sku } from '../../products/listing.ts'
import type { TranslatedListing } from '../../products/translation/translation.ts'
import { absoluteUrl } from '../urls.ts'

const price = (amountFen: number | null) => (amountFen === null ? null : shortYuan(amountFen))
const count = (value: number | null) => (value === null ? null : String(value))

/**
 * The `data` of an answer: texts in the language of `texts`, numbers as strings. `orginal_price` is spelt so by the clients
 * that this surface is compatible with; new fields are spelt right.
 */
export function toWireItem(product: Product, texts: TranslatedListing, publicUrl: string) {
  const url = (path: string) => absoluteUrl(publicUrl, path)
  const labels = optionLabels(texts)
  const valueImages = new Set(product.options.flatMap(({ values }) => values.map(({ image }) => image)))
  return {
    api_source: product.marketplace,
    num_iid: product.listingId,
    // Half a translated title helps nobody; options and attributes are read word by word.
    title: texts.title.translated ? texts.title.text : product.title,
    title_original: product.title,
    desc: texts.description?.text ?? null,
    price: price(product.priceFen),
    orginal_price: price(product.originalPriceFen ?? product.priceFen),
    nick: product.seller.name,
    num: count(product.stock),
    min_num: count(product.minimumOrder),
    unit: texts.unit?.text ?? null,
    detail_url: canonicalUrl(product.marketplace, product.listingId),
    pic_url: product.images[0] ? url(product.images[0]) : null,
    item_imgs: product.images.map((image) => ({ url: url(image) })),
    prop_imgs: {
      prop_img: product.options.flatMap(({ id, values }) =>
        values.flatMap((value) =>
          value.image === null ? [] : [{ properties: `${id}:${value.id}`, url: url(value.image) }],
        ),
      ),
    },
    props: texts.attributes.map(({ name, value }) => ({ name: name.text, value: value.text })),
    props_list: Object.fromEntries(labels),
    skus: { sku: product.skus.map((sku) => toWireSku(sku, labels, valueImages, url)) },
    price_range: product.priceRanges.map(({ minQuantity, priceFen }) => [minQuantity, price(priceFen)]),
    seller_info: {
      nick: product.seller.name,
      user_num_id: product.seller.id,
      zhuy: product.seller.url,
      city: texts.seller.city?.text ?? null,
      province: texts.seller.province?.text ?? null,
    },
    sales_data: {
      weight: product.weightGrams,
      size: product.sizeCm3,
      delivery_time: product.deliveryDays,
      sales: product.sales,
    },
    language: texts.language,
    translated: {
      title: texts.title.translated,
      desc: texts.description?.translated ?? null,
      props: texts.attributes.every(({ name, value }) => name.translated && value.translated),
      props_list: texts.options.every(
        ({ name, values }) => name.translated && values.every((value) => value.name.translated),
      ),
    },
  }
}

/** `pid:vid` to `name:value`. */
function optionLabels(texts: TranslatedListing): Map<string, string> {
  return new Map(
    texts.options.flatMap(({ id, name, values }) =>
      values.map((value): [string, string] => [`${id}:${value.id}`, `${name.text}:${value.name.text}`]),
    ),
  )
}

function toWireSku(
  sku: Sku,
  labels: Map<string, string>,
  valueImages: ReadonlySet<string | null>,
  url: (path: string) => string,
) {
  // Most skus show the picture of their colour, which prop_imgs has already.
  const ownImage = valueImages.has(sku.image) ? null : sku.image
  const keys = sku.choices.map(([option, value]) => `${option}:${value}`)
  return {
    sku_id: sku.skuId,
    ...(sku.specId !== null && { spec_id: sku.specId }),
    price: price(sku.priceFen),
    orginal_price: price(sku.originalPriceFen ?? sku.priceFen),
    properties: keys.join(';'),
    properties_name: keys.map((key) => `${key}:${labels.get(key) ?? ''}`).join(';'),
    quantity: count(sku.stock),
    ...(ownImage !== null && { pic_url: url(ownImage) }),
  }
}
