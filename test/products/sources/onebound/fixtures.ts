import type { Listing } from '../../../../src/products/listing.ts'

/** The `item` of a good answer, invented, as JSON values. Tests replace single fields. */
export const ITEM = {
  num_iid: '600000000001',
  title: '手工木梳',
  price: '19.90',
  total_price: 0,
  orginal_price: '25.00',
  nick: '示例卖家',
  num: '30',
  min_num: 0,
  pic_url: '//img.alicdn.com/imgextra/a.jpg',
  cid: '50001234',
  desc: '<p>檀木</p>',
  desc_img: ['http://img.alicdn.com/imgextra/d.jpg'],
  item_imgs: [{ url: '//img.alicdn.com/imgextra/a.jpg' }, { url: 'http://img.alicdn.com/imgextra/b.jpg' }],
  item_weight: '',
  item_size: '',
  location: '浙江杭州',
  props_list: { '1627207:28320': '颜色:黑色', '1627207:28327': '颜色:原木色' },
  props_img: { '1627207:28320': '//img.alicdn.com/imgextra/black.jpg' },
  props: [{ name: '材质', value: '檀木' }],
  skus: {
    sku: [
      {
        price: '19.90',
        orginal_price: '25.00',
        properties: '1627207:28320',
        properties_name: '1627207:28320:颜色:黑色',
        quantity: '10',
        sku_id: '4300000000001',
      },
      {
        price: '21',
        orginal_price: 25,
        properties: '1627207:28327',
        properties_name: '1627207:28327:颜色:原木色',
        quantity: 20,
        sku_id: 4300000000002,
      },
    ],
  },
  total_sold: '12',
  seller_id: '100200300',
  seller_info: { nick: '示例卖家', shop_name: '示例店铺', zhuy: '//shop1.taobao.com/' },
  tmall: false,
  error: '',
}

/** What `ITEM` says. */
export const LISTING: Listing = {
  marketplace: 'taobao',
  listingId: '600000000001',
  title: '手工木梳',
  description: '檀木',
  priceFen: 1990,
  originalPriceFen: 2500,
  priceRanges: [],
  minimumOrder: null,
  unit: null,
  stock: 30,
  sales: 12,
  images: ['https://img.alicdn.com/imgextra/a.jpg', 'https://img.alicdn.com/imgextra/b.jpg'],
  descriptionImages: ['https://img.alicdn.com/imgextra/d.jpg'],
  options: [
    {
      id: '1627207',
      name: '颜色',
      values: [
        { id: '28320', name: '黑色', image: 'https://img.alicdn.com/imgextra/black.jpg' },
        { id: '28327', name: '原木色', image: null },
      ],
    },
  ],
  skus: [
    {
      skuId: '4300000000001',
      specId: null,
      choices: [['1627207', '28320']],
      priceFen: 1990,
      originalPriceFen: 2500,
      stock: 10,
      image: 'https://img.alicdn.com/imgextra/black.jpg',
    },
    {
      skuId: '4300000000002',
      specId: null,
      choices: [['1627207', '28327']],
      priceFen: 2100,
      originalPriceFen: 2500,
      stock: 20,
      image: null,
    },
  ],
  attributes: [{ name: '材质', value: '檀木' }],
  seller: { id: '100200300', name: '示例店铺', url: 'https://shop1.taobao.com/', province: '浙江', city: '杭州' },
  weightGrams: null,
  sizeCm3: null,
  deliveryDays: null,
  categoryId: '50001234',
  translations: {},
}

/** A whole good answer around an item. */
export function answerOf(item: unknown, envelope: Record<string, unknown> = {}): string {
  return JSON.stringify({
    item,
    error: '',
    reason: '',
    error_code: '0000',
    cache: 0,
    api_info: 'today:7 max:30000 all[7=7+0+0];expires:2099-12-31',
    language: { default_lang: 'cn', current_lang: 'cn' },
    ...envelope,
  })
}

/** A refusal, which comes with HTTP 200 like everything else. */
export function refusalOf(code: string, error = 'refused', envelope: Record<string, unknown> = {}): string {
  return JSON.stringify({ error, reason: '', error_code: code, api_info: 'today:1 max:100', ...envelope })
}
