import type { Listing } from '../../../../src/products/listing.ts'

/** The product of a good answer, invented, as JSON values. Tests replace single fields. */
export const PRODUCT = {
  offerId: 700000000001,
  categoryId: 1031918,
  subject: '陶瓷马克杯',
  subjectTrans: 'Ceramic mug',
  description: '<p>手绘</p><img src="https://cbu01.alicdn.com/img/d.jpg">',
  descriptionTrans: 'https://page.example/translated',
  productImage: { images: ['https://cbu01.alicdn.com/img/a.jpg', '//cbu01.alicdn.com/img/b.jpg'], whiteImage: '' },
  productAttribute: [
    { attributeId: '1', attributeName: '材质', attributeNameTrans: 'Material', value: '陶瓷', valueTrans: 'Ceramic' },
  ],
  productSkuInfos: [
    {
      amountOnSale: 40,
      price: '12.50',
      skuId: 5100000000001,
      specId: 'aaaa',
      skuAttributes: [
        {
          attributeId: 3216,
          attributeName: '颜色',
          attributeNameTrans: 'Colour',
          value: '红色',
          valueTrans: 'Red',
          skuImageUrl: 'https://cbu01.alicdn.com/img/red.jpg',
        },
      ],
    },
    {
      amountOnSale: '60',
      price: '14',
      promotionPrice: '13.00',
      skuId: '5100000000002',
      specId: 'bbbb',
      skuAttributes: [
        {
          attributeId: 3216,
          attributeName: '颜色',
          attributeNameTrans: 'Colour',
          value: '蓝色',
          valueTrans: 'Blue',
          skuImageUrl: null,
        },
      ],
    },
  ],
  productSaleInfo: {
    amountOnSale: 100,
    priceRangeList: [
      { startQuantity: 100, price: '10' },
      { startQuantity: 2, price: '12.5', promotionPrice: '12' },
    ],
    quoteType: 1,
    unitInfo: { unit: '个', transUnit: 'Piece' },
  },
  productShippingInfo: {
    sendGoodsAddressText: '福建省泉州市',
    weight: 0.5,
    length: 12,
    width: 10,
    height: 10,
    skuShippingInfoList: [
      { skuId: 5100000000001, weight: 420, length: 11, width: 10, height: 10 },
      { skuId: 5100000000002, weight: 430, length: 0, width: 10, height: 10 },
    ],
    skuShippingDetails: [{ skuId: '5100000000001', weight: 0.9, length: 20, width: 20, height: 20 }],
  },
  sellerOpenId: 'BBBinvented01',
  minOrderQuantity: 2,
  status: 'published',
  soldOut: '321',
  companyName: '示例陶瓷厂',
}

/** What `PRODUCT` says. The value ids are made from the values' names. */
export const LISTING: Listing = {
  marketplace: '1688',
  listingId: '700000000001',
  title: '陶瓷马克杯',
  description: '手绘',
  priceFen: 1250,
  originalPriceFen: 1400,
  priceRanges: [
    { minQuantity: 2, priceFen: 1200 },
    { minQuantity: 100, priceFen: 1000 },
  ],
  minimumOrder: 2,
  unit: '个',
  stock: 100,
  sales: 321,
  images: ['https://cbu01.alicdn.com/img/a.jpg', 'https://cbu01.alicdn.com/img/b.jpg'],
  descriptionImages: ['https://cbu01.alicdn.com/img/d.jpg'],
  options: [
    {
      id: '3216',
      name: '颜色',
      values: [
        { id: '518070066172', name: '红色', image: 'https://cbu01.alicdn.com/img/red.jpg' },
        { id: '442438151039', name: '蓝色', image: null },
      ],
    },
  ],
  skus: [
    {
      skuId: '5100000000001',
      specId: 'aaaa',
      choices: [['3216', '518070066172']],
      priceFen: 1250,
      originalPriceFen: null,
      stock: 40,
      image: 'https://cbu01.alicdn.com/img/red.jpg',
    },
    {
      skuId: '5100000000002',
      specId: 'bbbb',
      choices: [['3216', '442438151039']],
      priceFen: 1300,
      originalPriceFen: 1400,
      stock: 60,
      image: null,
    },
  ],
  attributes: [{ name: '材质', value: '陶瓷' }],
  seller: { id: 'BBBinvented01', name: '示例陶瓷厂', url: null, province: '福建', city: '泉州' },
  weightGrams: 430,
  sizeCm3: 1100,
  deliveryDays: null,
  categoryId: '1031918',
  translations: {
    en: {
      title: 'Ceramic mug',
      terms: { 材质: 'Material', 陶瓷: 'Ceramic', 颜色: 'Colour', 红色: 'Red', 蓝色: 'Blue', 个: 'Piece' },
    },
  },
}

export function answerOf(product: unknown, envelope: Record<string, unknown> = {}): string {
  return JSON.stringify({ result: { success: true, code: '200', message: 'ok', result: product, ...envelope } })
}

/** A gateway error in the form that all of them share. */
export function gatewayError(code: string, message = 'told'): string {
  return JSON.stringify({ error_code: code, error_message: message, request_id: 'invented' })
}
