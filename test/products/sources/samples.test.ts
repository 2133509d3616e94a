import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import test from 'node:test'
import { alibaba1688Source } from '../../../src/products/sources/alibaba1688/alibaba1688.ts'
import { signParam2 } from '../../../src/products/sources/alibaba1688/sign.ts'
import { oneboundSource } from '../../../src/products/sources/onebound/onebound.ts'
import { signIop } from '../../../src/products/sources/taobaoglobal/sign.ts'
import { taobaoGlobalSource } from '../../../src/products/sources/taobaoglobal/taobaoglobal.ts'
import { fenFromYuan } from '../../../src/lib/money.ts'
import type { TestContext } from 'node:test'
import type { Source } from '../../../src/products/sources/source.ts'
import type { Listing, ListingRef } from '../../../src/products/listing.ts'

/*
 * Recorded answers are not ours to ship. Where a checkout has them beside it, they are read in place, and "without
 * loss" means: every field of a sample that our `Listing` has a place for is there with the sample's value. The expected
 * values are taken from the sample itself, by a plain look at each field.
 */

const SAMPLES = new URL('../../../../shared/upstream/samples/', import.meta.url)

// oxlint-disable-next-line typescript/no-explicit-any -- samples are read without a schema on purpose
type Sample = any

const app = { url: 'https://x.example', appKey: '1', appSecret: 's', accessToken: 'a', refreshToken: 'r' }
const onebound = oneboundSource({ url: 'https://x.example', key: 'k', secret: 's', lang: 'cn' })
const alibaba1688 = alibaba1688Source(app)
const taobaoglobal = taobaoGlobalSource(app)

/** The text of a sample, or null after skipping the test. */
function sample(t: TestContext, name: string): string | null {
  const file = new URL(name, SAMPLES)
  if (existsSync(file)) return readFileSync(file, 'utf8')
  t.skip(`the sample ${name} is not beside this checkout`)
  return null
}

function found(source: Source, ref: ListingRef, body: string): Listing {
  const answer = source.parseItem(ref, 200, body)
  assert.equal(answer.kind, 'found', JSON.stringify(answer))
  return answer.listing
}

const https = (address: string) => address.replace(/^(?:https?:)?\/\//, 'https://')
const orNull = (value: string | null) => (value === '' ? null : value)

for (const [name, marketplace] of [
  ['onebound_taobao_item_get.recorded.json', 'taobao'],
  ['onebound_micro_weidian_item_get.SYNTHETIC.json', 'weidian'],
] as const) {
  test(`${name} is parsed without loss`, (t) => {
    const body = sample(t, name)
    if (!body) return
    const { item }: Sample = JSON.parse(body)
    const pairs: [string, string][] = Object.entries(item.props_list)
    const optionIds = [...new Set(pairs.map(([pair]) => pair.split(':')[0]!))]
    const listing = found(onebound, { marketplace, listingId: item.num_iid }, body)
    const valueImage = (pair: string) => (item.props_img?.[pair] ? https(item.props_img[pair]) : null)
    assert.deepEqual(listing, {
      marketplace,
      listingId: item.num_iid,
      title: item.title,
      description: null,
      priceFen: Math.min(...item.skus.sku.map((sku: Sample) => fenFromYuan(sku.price))),
      originalPriceFen: fenFromYuan(item.orginal_price),
      priceRanges: [],
      minimumOrder: null,
      unit: null,
      stock: Number(item.num),
      sales: item.total_sold === undefined ? null : Number(item.total_sold),
      images: item.item_imgs.map(({ url }: Sample) => https(url)),
      descriptionImages: item.desc_img.map(https),
      options: optionIds.map((id) => ({
        id,
        name: pairs.find(([pair]) => pair.startsWith(`${id}:`))![1].split(':')[0],
        values: pairs
          .filter(([pair]) => pair.startsWith(`${id}:`))
          .map(([pair, label]) => ({ id: pair.split(':')[1], name: label.split(':')[1], image: valueImage(pair) })),
      })),
      skus: item.skus.sku.map((sku: Sample) => ({
        skuId: sku.sku_id,
        specId: null,
        choices: [sku.properties.split(':')],
        priceFen: fenFromYuan(sku.price),
        originalPriceFen: fenFromYuan(sku.orginal_price),
        stock: Number(sku.quantity),
        image: valueImage(sku.properties),
      })),
      attributes: item.props,
      seller: {
        id: item.seller_id ?? item.seller_info.user_num_id,
        name: item.seller_info.shop_name,
        url: item.seller_info.zhuy,
        province: orNull(item.location.slice(0, 2)),
        city: orNull(item.location.slice(2)),
      },
      weightGrams: null,
      sizeCm3: null,
      deliveryDays: null,
      categoryId: orNull(item.cid),
      translations: {},
    })
  })
}

test('1688_product_detail.doc.json is parsed without loss', (t) => {
  const body = sample(t, '1688_product_detail.doc.json')
  if (!body) return
  const product: Sample = JSON.parse(body).result.result
  const listing = found(alibaba1688, { marketplace: '1688', listingId: String(product.offerId) }, body)
  const [sku] = product.productSkuInfos
  const [choice] = sku.skuAttributes
  const parcel = product.productShippingInfo.skuShippingInfoList[0]
  const valueId = listing.options[0]!.values[0]!.id
  assert.match(valueId, /^\d+$/)
  assert.deepEqual(listing, {
    marketplace: '1688',
    listingId: String(product.offerId),
    title: product.subject,
    description: product.description,
    priceFen: fenFromYuan(sku.promotionPrice),
    originalPriceFen: null,
    // A promotion that is lower counts.
    priceRanges: product.productSaleInfo.priceRangeList.map((range: Sample) => ({
      minQuantity: range.startQuantity,
      priceFen: fenFromYuan(range.promotionPrice),
    })),
    minimumOrder: product.minOrderQuantity,
    unit: product.productSaleInfo.unitInfo.unit,
    stock: product.productSaleInfo.amountOnSale,
    sales: Number(product.soldOut),
    // The sample's other pictures are the word for picture.
    images: [product.productImage.whiteImage],
    descriptionImages: [],
    options: [
      {
        id: String(choice.attributeId),
        name: choice.attributeName,
        values: [{ id: valueId, name: choice.value, image: null }],
      },
    ],
    skus: [
      {
        skuId: String(sku.skuId),
        specId: sku.specId,
        choices: [[String(choice.attributeId), valueId]],
        priceFen: fenFromYuan(sku.promotionPrice),
        originalPriceFen: null,
        stock: sku.amountOnSale,
        image: null,
      },
    ],
    attributes: product.productAttribute.map((row: Sample) => ({ name: row.attributeName, value: row.value })),
    seller: { id: product.sellerOpenId, name: product.companyName, url: null, province: null, city: null },
    weightGrams: parcel.weight,
    sizeCm3: parcel.length * parcel.width * parcel.height,
    deliveryDays: null,
    categoryId: String(product.categoryId),
    translations: {
      en: {
        title: product.subjectTrans,
        terms: {
          [choice.attributeName]: choice.attributeNameTrans,
          [product.productSaleInfo.unitInfo.unit]: product.productSaleInfo.unitInfo.transUnit,
        },
      },
    },
  })
})

test('taobao_global_item_get.SYNTHETIC.json is parsed without loss', (t) => {
  const body = sample(t, 'taobao_global_item_get.SYNTHETIC.json')
  if (!body) return
  const item: Sample = JSON.parse(body).data
  const [sku] = item.sku_list
  const [choice] = sku.properties
  const [picture] = item.property_image_list
  const translated = item.multi_language_info.sku_properties[0].properties[0]
  assert.deepEqual(found(taobaoglobal, { marketplace: 'taobao', listingId: String(item.item_id) }, body), {
    marketplace: 'taobao',
    listingId: String(item.item_id),
    title: item.title,
    description: null,
    priceFen: sku.promotion_price,
    originalPriceFen: item.price,
    priceRanges: [],
    minimumOrder: null,
    unit: null,
    stock: sku.quantity,
    sales: null,
    images: item.pic_urls,
    descriptionImages: [],
    options: [
      {
        id: String(choice.prop_id),
        name: choice.prop_name,
        values: [{ id: String(choice.value_id), name: choice.value_name, image: picture.image_url }],
      },
    ],
    skus: [
      {
        skuId: String(sku.sku_id),
        specId: null,
        choices: [[String(choice.prop_id), String(choice.value_id)]],
        priceFen: sku.promotion_price,
        originalPriceFen: null,
        stock: sku.quantity,
        image: sku.pic_url,
      },
    ],
    attributes: item.properties.map((row: Sample) => ({ name: row.prop_name, value: row.value_name })),
    seller: { id: String(item.shop_id), name: item.shop_name, url: null, city: null, province: null },
    weightGrams: null,
    sizeCm3: null,
    deliveryDays: null,
    categoryId: null,
    translations: {
      en: {
        title: item.multi_language_info.title,
        terms: { [choice.prop_name]: translated.prop_name, [choice.value_name]: translated.value_name },
      },
    },
  })
})

test('the recorded errors are told apart', (t) => {
  const vendor = sample(t, 'onebound_error_auth.SYNTHETIC.json')
  const search = sample(t, 'onebound_error_empty_search.SYNTHETIC.json')
  const gateway = sample(t, '1688_gateway_errors.json')
  const iop = sample(t, 'iop_errors.recorded.json')
  if (!vendor || !search || !gateway || !iop) return
  const kindOf = (source: Source, body: unknown) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const answer = source.parseItem({ marketplace: source.marketplaces[0]!, listingId: '1' }, 200, text)
    if (answer.kind !== 'failed') return answer.kind
    return answer.quota ? 'quota' : answer.throttled ? 'throttled' : answer.tokenExpired ? 'token' : 'failed'
  }
  assert.deepEqual([kindOf(onebound, vendor), kindOf(onebound, search)], ['quota', 'absent'])
  const { _note, ...errors }: Sample = JSON.parse(gateway)
  assert.deepEqual(
    Object.fromEntries(Object.entries(errors).map(([name, body]) => [name, kindOf(alibaba1688, body)])),
    {
      frequency: 'throttled',
      bad_signature: 'quota',
      unsupported: 'quota',
      acl: 'quota',
      missing_param: 'failed',
      unauthorised: 'token',
    },
  )
  assert.deepEqual(
    Object.values<unknown>(JSON.parse(iop)).map((body) => kindOf(taobaoglobal, body)),
    ['token', 'quota'],
  )
})

test('the token answer of the documentation is read', (t) => {
  const body = sample(t, '1688_oauth_token.doc.json')
  if (!body) return
  const told: Sample = JSON.parse(body)
  assert.deepEqual(alibaba1688.token!.parseToken(200, body, new Date(0)), {
    kind: 'renewed',
    accessToken: told.access_token,
    refreshToken: told.refresh_token,
    expiresAt: new Date(36_000_000),
  })
})

test('the signature vectors come out', (t) => {
  const text = sample(t, 'signature_vectors.json')
  if (!text) return
  const { alibaba1688_param2: param2, iop_documented: iop }: Sample = JSON.parse(text)
  assert.equal(signParam2(param2.secret, param2.path, param2.params), param2.signature)
  assert.equal(signIop(iop.secret, iop.path, iop.params), iop.sign)
})
