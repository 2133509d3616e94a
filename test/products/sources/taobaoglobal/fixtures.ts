import type { Listing } from '../../../../src/products/listing.ts'

/** `data` of a good answer, invented, as JSON values. Amounts are in fen. Tests replace single fields. */
export const ITEM = {
  item_resource: 'taobao',
  item_id: 650000000001,
  title: '桌面台灯',
  pic_urls: ['https://img.alicdn.com/a.jpg', '//img.alicdn.com/b.jpg'],
  shop_name: '示例灯具',
  shop_id: 118000000,
  price: 9800,
  promotion_price: 8800,
  coupon_price: 7800,
  description: '<p>可调光</p>',
  properties: [{ prop_id: 20000, prop_name: '材质', value_id: 5, value_name: '铝合金' }],
  sku_list: [
    {
      sku_id: 4300000000011,
      quantity: 5,
      price: 9800,
      promotion_price: 8800,
      coupon_price: 7800,
      pic_url: '',
      properties: [{ prop_id: 1627207, prop_name: '颜色', value_id: 28320, value_name: '黑色' }],
    },
    {
      sku_id: '4300000000012',
      quantity: '7',
      price: '9900',
      promotion_price: null,
      pic_url: 'https://img.alicdn.com/white-sku.jpg',
      properties: [{ prop_id: 1627207, prop_name: '颜色', value_id: -1, value_name: '白色' }],
    },
  ],
  property_image_list: [{ properties: '1627207:28320', image_url: '//img.alicdn.com/black.jpg' }],
  tags: [],
  multi_language_info: {
    language: 'en',
    title: 'Desk lamp',
    properties: [{ prop_id: 20000, prop_name: 'Material', value_id: 5, value_name: 'Aluminium' }],
    sku_properties: [
      {
        sku_id: 4300000000011,
        properties: [{ prop_id: 1627207, prop_name: 'Colour', value_id: 28320, value_name: 'Black' }],
      },
    ],
  },
}

/** What `ITEM` says. */
export const LISTING: Listing = {
  marketplace: 'taobao',
  listingId: '650000000001',
  title: '桌面台灯',
  description: '可调光',
  priceFen: 8800,
  originalPriceFen: 9800,
  priceRanges: [],
  minimumOrder: null,
  unit: null,
  stock: 12,
  sales: null,
  images: ['https://img.alicdn.com/a.jpg', 'https://img.alicdn.com/b.jpg'],
  descriptionImages: [],
  options: [
    {
      id: '1627207',
      name: '颜色',
      values: [
        { id: '28320', name: '黑色', image: 'https://img.alicdn.com/black.jpg' },
        { id: '-1', name: '白色', image: null },
      ],
    },
  ],
  skus: [
    {
      skuId: '4300000000011',
      specId: null,
      choices: [['1627207', '28320']],
      priceFen: 8800,
      originalPriceFen: 9800,
      stock: 5,
      image: 'https://img.alicdn.com/black.jpg',
    },
    {
      skuId: '4300000000012',
      specId: null,
      choices: [['1627207', '-1']],
      priceFen: 9900,
      originalPriceFen: null,
      stock: 7,
      image: 'https://img.alicdn.com/white-sku.jpg',
    },
  ],
  attributes: [{ name: '材质', value: '铝合金' }],
  seller: { id: '118000000', name: '示例灯具', url: null, city: null, province: null },
  weightGrams: null,
  sizeCm3: null,
  deliveryDays: null,
  categoryId: null,
  translations: {
    en: { title: 'Desk lamp', terms: { 材质: 'Material', 铝合金: 'Aluminium', 颜色: 'Colour', 黑色: 'Black' } },
  },
}

export function answerOf(data: unknown, envelope: Record<string, unknown> = {}): string {
  return JSON.stringify({
    code: '0',
    request_id: 'invented',
    biz_error_code: null,
    biz_error_msg: null,
    data,
    ...envelope,
  })
}

/** A gateway error. */
export function gatewayError(type: string, code: string, message = 'told'): string {
  return JSON.stringify({ type, code, message, request_id: 'invented' })
}
