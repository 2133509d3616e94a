import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseFeedLine } from '../../../src/products/catalog/feed-format.ts'
import type { Listing } from '../../../src/products/listing.ts'

const parse = (value: unknown) => parseFeedLine(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)))

const LEAST = { marketplace: 'weidian', listing_id: '7231368393', title: '手工水杯' }
const FULL = {
  ...LEAST,
  description: '第一行',
  price_fen: 9,
  original_price_fen: 2_990,
  price_ranges: [
    { min_quantity: 10, price_fen: 1_500 },
    { min_quantity: 2, price_fen: 1_800 },
  ],
  minimum_order: 2,
  unit: '件',
  stock: 30,
  sales: 12,
  images: ['https://pictures.example/1.jpg', 'pictures/2.jpg'],
  options: [
    {
      id: '1',
      name: '颜色',
      values: [
        { id: '7', name: '白色', image: 'white.png' },
        { id: '8', name: '黑色' },
      ],
    },
  ],
  skus: [
    { sku_id: '501', choices: [['1', '7']], price_fen: 2_190, stock: 10 },
    { sku_id: '502', spec_id: 'ab', choices: [['1', '8']], price_fen: 1_990, original_price_fen: 2_990, image: null },
  ],
  attributes: [{ name: '材质', value: '陶瓷' }],
  seller: { id: '77', name: '某某小店', city: '杭州' },
  weight_grams: 256.11,
  size_cm3: 900,
  delivery_days: '3-5',
  category_id: '23',
  translations: { en: { title: 'Handmade cup', terms: { 白色: 'White' } }, fr: { description: 'x', title: null } },
}

test('the least and the most that a line can say', () => {
  const least: Listing = {
    marketplace: 'weidian',
    listingId: '7231368393',
    title: '手工水杯',
    description: null,
    priceFen: null,
    originalPriceFen: null,
    priceRanges: [],
    minimumOrder: null,
    unit: null,
    stock: null,
    sales: null,
    images: [],
    options: [],
    skus: [],
    attributes: [],
    seller: { id: null, name: null, url: null, city: null, province: null },
    weightGrams: null,
    sizeCm3: null,
    deliveryDays: null,
    categoryId: null,
    translations: {},
  }
  assert.deepEqual(parse(LEAST), { listing: least, ignored: [] })
  assert.deepEqual(parse({ ...LEAST, price_fen: 1_990, skus: null, brand: 'x' }), {
    listing: { ...least, priceFen: 1_990 },
    ignored: ['brand'],
  })
  assert.deepEqual(parse(FULL), {
    listing: {
      marketplace: 'weidian',
      listingId: '7231368393',
      title: '手工水杯',
      description: '第一行',
      priceFen: 1_990,
      originalPriceFen: 2_990,
      priceRanges: [
        { minQuantity: 2, priceFen: 1_800 },
        { minQuantity: 10, priceFen: 1_500 },
      ],
      minimumOrder: 2,
      unit: '件',
      stock: 30,
      sales: 12,
      images: ['https://pictures.example/1.jpg', 'pictures/2.jpg'],
      options: [
        {
          id: '1',
          name: '颜色',
          values: [
            { id: '7', name: '白色', image: 'white.png' },
            { id: '8', name: '黑色', image: null },
          ],
        },
      ],
      skus: [
        {
          skuId: '501',
          specId: null,
          choices: [['1', '7']],
          priceFen: 2_190,
          originalPriceFen: null,
          stock: 10,
          image: null,
        },
        {
          skuId: '502',
          specId: 'ab',
          choices: [['1', '8']],
          priceFen: 1_990,
          originalPriceFen: 2_990,
          stock: null,
          image: null,
        },
      ],
      attributes: [{ name: '材质', value: '陶瓷' }],
      seller: { id: '77', name: '某某小店', url: null, city: '杭州', province: null },
      weightGrams: 256.11,
      sizeCm3: 900,
      deliveryDays: '3-5',
      categoryId: '23',
      translations: { en: { title: 'Handmade cup', terms: { 白色: 'White' } }, fr: { description: 'x' } },
    },
    ignored: [],
  })
})

test('a bad line is told in one sentence', () => {
  const sku = FULL.skus[0]!
  const cases: [unknown, string | RegExp][] = [
    ['{"marketplace":', /^the line is not JSON: /],
    ['[]', 'the line is not a JSON object.'],
    ['null', 'the line is not a JSON object.'],
    ['"x"', 'the line is not a JSON object.'],
    ['{}', 'lacks marketplace, listing_id, title.'],
    [{ ...LEAST, marketplace: 'jd' }, 'marketplace must be one of taobao, tmall, weidian, 1688, goofish.'],
    [{ ...LEAST, listing_id: 7 }, 'listing_id must be a string of 1 to 19 digits that does not begin with 0.'],
    [{ ...LEAST, listing_id: '7a' }, 'listing_id must be a string of 1 to 19 digits that does not begin with 0.'],
    [{ ...LEAST, listing_id: '0' }, 'listing_id must be a string of 1 to 19 digits that does not begin with 0.'],
    [{ ...LEAST, listing_id: '007' }, 'listing_id must be a string of 1 to 19 digits that does not begin with 0.'],
    [{ ...LEAST, listing_id: '' }, 'listing_id must be a string of 1 to 19 digits that does not begin with 0.'],
    [
      { ...LEAST, listing_id: '7'.repeat(20) },
      'listing_id must be a string of 1 to 19 digits that does not begin with 0.',
    ],
    [{ ...LEAST, title: ' ' }, 'title must be a string of at most 2000 characters, not all blank.'],
    [{ ...LEAST, title: '\0' }, 'title has nothing to print.'],
    [{ ...LEAST, title: '长'.repeat(2_001) }, 'title must be a string of at most 2000 characters, not all blank.'],
    [{ ...LEAST, price_fen: -1 }, 'price_fen must be >= 0.'],
    [{ ...LEAST, price_fen: 19.9 }, 'price_fen must be integer.'],
    [{ ...LEAST, price_fen: '1990' }, 'price_fen must be integer.'],
    [{ ...LEAST, price_fen: 1e10 }, 'price_fen must be <= 1000000000.'],
    [{ ...LEAST, stock: -4 }, 'stock must be >= 0.'],
    [{ ...LEAST, weight_grams: 1e9 }, 'weight_grams must be <= 10000000.'],
    [{ ...LEAST, images: 'a.jpg' }, 'images must be array.'],
    [{ ...LEAST, images: [7] }, 'images.0 must be string.'],
    [{ ...LEAST, seller: { name: 7 } }, 'seller.name must be string.'],
    ...['javascript:alert(1)', 'data:text/html,x', 'ftp://shop.example/', 'shop', 'https://127.0.0.1/', 'https://'].map(
      (url): [unknown, string] => [
        { ...LEAST, seller: { url } },
        'seller.url must be an https:// address on a named host, without port or user name.',
      ],
    ),
    ...[
      'https://"><script>',
      'https://',
      'https://[::1]/a.jpg',
      'https://u:p@pictures.example/',
      'https://a b/',
    ].flatMap((image) =>
      [
        { ...LEAST, images: ['https://pictures.example/1.jpg', image] },
        { ...FULL, skus: [{ ...sku, image }] },
        { ...FULL, options: [{ id: '1', name: '颜色', values: [{ id: '7', name: '白色', image }] }] },
      ].map((value): [unknown, string] => [
        value,
        `picture ${image} must be an https:// address on a named host, without port or user name.`,
      ]),
    ),
    [{ ...LEAST, images: [`https://${'x'.repeat(1_900)}`] }, /^picture https:\/\/x+ must be /],
    [
      { ...LEAST, translations: { english: {} } },
      'translations must be an object whose keys are two-letter languages.',
    ],
    [{ ...LEAST, translations: { en: { title: 7 } } }, 'translations.en.title must be string.'],
    [{ ...LEAST, skus: [{ sku_id: '' }] }, 'skus.0.sku_id must not have fewer than 1 characters.'],
    [{ ...LEAST, skus: [{}] }, 'skus.0 lacks sku_id.'],
    [{ ...LEAST, skus: [{ sku_id: '1' }, { sku_id: '1' }] }, 'skus has sku_id 1 twice.'],
    [{ ...FULL, options: [] }, 'sku 501 makes 1 choices, but there are 0 options.'],
    [
      { ...FULL, skus: [{ ...sku, choices: [['2', '7']] }] },
      'sku 501 does not make its choices in the order of options.',
    ],
    [{ ...FULL, skus: [{ ...sku, choices: [['1', '9']] }] }, 'sku 501 chooses 9, which option 1 lacks.'],
    [{ ...FULL, skus: [{ ...sku, choices: [['1']] }] }, /^skus\.0\.choices\.0 /],
    [{ ...FULL, options: [...FULL.options, ...FULL.options] }, 'options has the same id twice.'],
    [
      {
        ...LEAST,
        options: [
          {
            id: '1',
            name: '',
            values: [
              { id: '7', name: '' },
              { id: '7', name: '' },
            ],
          },
        ],
      },
      'option 1 has the same value id twice.',
    ],
  ]
  for (const [value, expected] of cases) {
    const parsed = parse(value)
    assert.ok(parsed && 'fault' in parsed, JSON.stringify(value).slice(0, 200))
    if (typeof expected === 'string') assert.equal(parsed.fault, expected)
    else assert.match(parsed.fault, expected)
    assert.ok(parsed.fault.length < 400, parsed.fault)
  }
  assert.deepEqual(parseFeedLine(Buffer.from([0x7b, 0xff, 0x7d])), { fault: 'the line is not UTF-8.' })
})

test('addresses come out as a browser would ask for them', () => {
  const parsed = parse({
    ...LEAST,
    images: ['https://Pictures.example/"><script>.jpg', 'https://pictures.example/杯.jpg', 'pictures/"2".jpg'],
    seller: { url: 'http://shop.example/?a=<b>' },
  })
  assert.ok(parsed && 'listing' in parsed)
  assert.deepEqual(
    { images: parsed.listing.images, url: parsed.listing.seller.url },
    {
      images: [
        'https://pictures.example/%22%3E%3Cscript%3E.jpg',
        'https://pictures.example/%E6%9D%AF.jpg',
        'pictures/"2".jpg',
      ],
      url: 'https://shop.example/?a=%3Cb%3E',
    },
  )
})

test('blank lines say nothing, and a byte order mark and carriage returns do no harm', () => {
  for (const blank of ['', ' ', '\r', '\t \r']) assert.equal(parse(blank), null)
  assert.deepEqual(parse(`\ufeff${JSON.stringify(LEAST)}\r`), parse(LEAST))
})

test('any JSON is either a listing or a fault', () => {
  const field = fc.constantFrom(...Object.keys(FULL))
  fc.assert(
    fc.property(fc.dictionary(field, fc.jsonValue()), (change) => {
      const parsed = parse({ ...FULL, ...change })
      assert.ok(parsed && ('listing' in parsed || parsed.fault.endsWith('.')))
    }),
  )
  fc.assert(fc.property(fc.uint8Array(), (bytes) => void parseFeedLine(Buffer.from(bytes))))
})

test('the price is the lowest of the skus, else the one given, else the lowest step; a discount shows where it stands', () => {
  const pricesOf = (line: object) => {
    const parsed = parse({ ...LEAST, ...line })
    assert.ok(parsed && 'listing' in parsed)
    return [parsed.listing.priceFen, parsed.listing.originalPriceFen]
  }
  const skus = [
    { sku_id: '1', choices: [], price_fen: 2_000, original_price_fen: 9_000 },
    { sku_id: '2', choices: [], price_fen: 1_500, original_price_fen: 3_000 },
  ]
  const steps = [
    { min_quantity: 10, price_fen: 900 },
    { min_quantity: 100, price_fen: 750 },
  ]
  assert.deepEqual(pricesOf({ price_fen: 5, price_ranges: steps, skus }), [1_500, 3_000])
  assert.deepEqual(pricesOf({ original_price_fen: 4_000, skus }), [1_500, 4_000])
  assert.deepEqual(pricesOf({ price_fen: 800, price_ranges: steps }), [800, null])
  assert.deepEqual(pricesOf({ price_ranges: steps }), [750, null])
  assert.deepEqual(pricesOf({}), [null, null])
})
