import type { Listing } from '../../../src/products/listing.ts'

/** An invented listing; tests say only what matters to them. */
export function listing(change: Partial<Listing> & { listingId: string }): Listing {
  return {
    marketplace: 'taobao',
    title: '手工陶瓷水杯',
    description: '第一行\n第二行',
    priceFen: 1_990,
    originalPriceFen: 2_990,
    priceRanges: [],
    minimumOrder: null,
    unit: '件',
    stock: 30,
    sales: 12,
    images: ['https://pictures.example/cup-1.jpg'],
    options: [
      {
        id: '1627207',
        name: '颜色分类',
        values: [
          { id: '1', name: '白色', image: 'https://pictures.example/white.jpg' },
          { id: '2', name: '黑色', image: null },
        ],
      },
    ],
    skus: [
      {
        skuId: '501',
        specId: null,
        choices: [['1627207', '1']],
        priceFen: 1_990,
        originalPriceFen: 2_990,
        stock: 10,
        image: null,
      },
      {
        skuId: '502',
        specId: null,
        choices: [['1627207', '2']],
        priceFen: 2_190,
        originalPriceFen: null,
        stock: 20,
        image: null,
      },
    ],
    attributes: [{ name: '材质', value: '陶瓷' }],
    seller: { id: '77', name: '某某小店', url: null, city: '杭州', province: '浙江' },
    weightGrams: 250.5,
    sizeCm3: 900,
    deliveryDays: '2.5',
    categoryId: '23',
    translations: { en: { title: 'Handmade ceramic cup' } },
    ...change,
  }
}
