import assert from 'node:assert/strict'
import test from 'node:test'
import { oneboundSource } from '../../../../src/products/sources/onebound/onebound.ts'
import { ITEM, LISTING, answerOf, refusalOf } from './fixtures.ts'
import type { Answer } from '../../../../src/products/sources/source.ts'
import type { Listing, ListingRef } from '../../../../src/products/listing.ts'

const source = oneboundSource({ url: 'https://vendor.example', key: 'k&1', secret: 's=1', lang: 'cn' })
const REF: ListingRef = { marketplace: 'taobao', listingId: '600000000001' }

function parse(body: string, ref = REF): Answer {
  return source.parseItem(ref, 200, body)
}

function listing(fields: Record<string, unknown>, ref = REF): Listing {
  const answer = parse(answerOf({ ...ITEM, ...fields }), ref)
  assert.equal(answer.kind, 'found', JSON.stringify(answer))
  return answer.listing
}

test('the request: platform by marketplace, credentials and id in the query', () => {
  const query = 'key=k%261&secret=s%3D1&num_iid=600000000001&lang=cn&result_type=json'
  const urls = source.marketplaces.map((marketplace) => source.itemRequest({ ...REF, marketplace }, new Date(0)))
  assert.deepEqual(
    urls,
    [
      `https://vendor.example/taobao/item_get/?${query}&is_promotion=1`,
      `https://vendor.example/taobao/item_get/?${query}&is_promotion=1`,
      `https://vendor.example/micro/item_get/?${query}`,
      `https://vendor.example/1688/item_get/?${query}`,
      `https://vendor.example/goodfish/item_get/?${query}`,
    ].map((url) => ({ method: 'GET', url, headers: { accept: 'application/json' }, body: null, timeoutMs: 10_000 })),
  )
})

test('a good answer gives the whole listing', () => {
  assert.deepEqual(parse(answerOf(ITEM)), { kind: 'found', listing: LISTING })
})

test('what the body says decides, whatever the HTTP status promises', () => {
  const failed = (reason: string, rest: object) => ({ kind: 'failed', reason, ...rest })
  const cases: [name: string, body: string, answer: object][] = [
    ['nothing found', answerOf([], { error_code: '2000', reason: 'no result' }), { kind: 'absent' }],
    ['no item in a good answer', answerOf([]), { kind: 'absent' }],
    ['the item says so', answerOf({ error: 'item-not-found' }), { kind: 'absent' }],
    ['passing 4000', refusalOf('4000'), failed('4000 refused', { retry: true, quota: false })],
    ['passing 4001', refusalOf('4001'), failed('4001 refused', { retry: true, quota: false })],
    ['passing 4002', refusalOf('4002'), failed('4002 refused', { retry: true, quota: false })],
    ['passing 5000', refusalOf('5000'), failed('5000 refused', { retry: true, quota: false })],
    ['parameter', refusalOf('4003'), failed('4003 refused', { retry: false, quota: false })],
    ['no account', refusalOf('4004'), failed('4004 refused', { retry: false, quota: true })],
    ['wrong secret', refusalOf('4005'), failed('4005 refused', { retry: false, quota: true })],
    ['interface stopped', refusalOf('4006'), failed('4006 refused', { retry: false, quota: true })],
    ['account stopped', refusalOf('4007'), failed('4007 refused', { retry: false, quota: true })],
    ['recharge', refusalOf('4013'), failed('4013 refused', { retry: false, quota: true })],
    ['recharge too', refusalOf('4016'), failed('4016 refused', { retry: false, quota: true })],
    ['unknown code', refusalOf('4008'), failed('4008 refused', { retry: false, quota: false })],
    [
      'unknown code with the calls of the day used up',
      refusalOf('4099', 'refused', { api_info: 'today:100 max:100' }),
      failed('4099 refused', { retry: false, quota: true }),
    ],
    [
      'code as a number',
      JSON.stringify({ error: 'x', error_code: 4000 }),
      failed('4000 x', { retry: true, quota: false }),
    ],
    [
      'an error inside the item of a good answer',
      answerOf({ ...ITEM, error: 'target timeout' }),
      failed('0000 target timeout', { retry: false, quota: false }),
    ],
    ['an error without a code', '{"error":"oops"}', failed('oops', { retry: false, quota: false })],
    [
      'another item',
      answerOf({ ...ITEM, num_iid: '7' }),
      failed('asked for 600000000001, answered 7', { retry: false, item: true }),
    ],
    [
      'no id',
      answerOf({ ...ITEM, num_iid: '' }),
      failed('asked for 600000000001, answered none', { retry: false, item: true }),
    ],
    ['no title', answerOf({ ...ITEM, title: false }), failed('the item has no title', { retry: false, item: true })],
  ]
  for (const [name, body, answer] of cases) assert.deepEqual(parse(body), answer, name)
})

test('what is not the protocol is a failure and never throws', () => {
  const unknown = { kind: 'failed', reason: 'the answer is not in the known form', retry: false }
  const deep = '['.repeat(200_000)
  for (const body of ['', '<html></html>', '{"item":', 'null', '[]', '"text"', '0', '{}', '{"item":[]}', deep]) {
    assert.deepEqual(parse(body), unknown, body.slice(0, 20))
  }
  assert.deepEqual(source.parseItem(REF, 502, 'Bad Gateway'), { kind: 'failed', reason: 'HTTP 502', retry: true })
  assert.deepEqual(source.parseItem(REF, 403, ''), { kind: 'failed', reason: 'HTTP 403', retry: false })
})

test('the same value in every type that upstream prints it in', () => {
  const sku = ITEM.skus.sku[0]!
  const wobbles: Record<string, unknown>[] = [
    { num_iid: 600000000001, price: 19.9, orginal_price: 25, num: 30, total_sold: 12, seller_id: 100200300 },
    { price: ' ¥19.90 ', num: '30 ', total_sold: '12+', tmall: 'false', cid: 50001234 },
    { error: false, brand: null, video: [], min_num: '', item_weight: null, item_size: false, tmall: 0 },
    { min_num: false, item_weight: [], item_size: [], error: [], crumbs: 0 },
    { skus: [{ ...sku, price: 19.9, quantity: 10, sku_id: 4300000000001 }, ITEM.skus.sku[1]] },
    { skus: { sku: { 0: sku, 1: ITEM.skus.sku[1] } } },
    { item_imgs: ['//img.alicdn.com/imgextra/a.jpg', 'https://img.alicdn.com/imgextra/b.jpg'] },
    { original_price: '25.00', orginal_price: undefined },
  ]
  for (const wobble of wobbles) assert.deepEqual(listing(wobble), LISTING, JSON.stringify(wobble))
})

test('one bad optional field costs that field and not the item', () => {
  const nothings = ['', 0, false, null, [], {}, '[]', { a: [{}] }, [[[]]], 'NaN', -1, '1e9', 'x'.repeat(50_000)]
  const needed = new Set(['num_iid', 'title', 'error'])
  for (const field of Object.keys(ITEM).filter((name) => !needed.has(name))) {
    for (const nothing of nothings) {
      const { listingId, title } = listing({ [field]: nothing })
      assert.deepEqual(
        [listingId, title],
        ['600000000001', '手工木梳'],
        `${field}: ${JSON.stringify(nothing).slice(0, 30)}`,
      )
    }
  }
})

test('ids beyond 2^53 stay whole, as bare numbers too', () => {
  const ref: ListingRef = { marketplace: 'taobao', listingId: '9007199254740993' }
  const body = answerOf({ ...ITEM, num_iid: 'ID', skus: { sku: [{ ...ITEM.skus.sku[0], sku_id: 'SKU' }] } })
    .replace('"ID"', '9007199254740993')
    .replace('"SKU"', '9223372036854775807')
  const answer = parse(body, ref)
  assert.equal(answer.kind, 'found')
  const { listingId, skus } = answer.listing
  assert.deepEqual([listingId, skus.map(({ skuId }) => skuId)], ['9007199254740993', ['9223372036854775807']])
})

test('negative and tiny option ids, and a sku whose only name is its ids', () => {
  const { options, skus } = listing({
    props_list: { '-3:-6': '成色:九成新', '0:0': '版本:标准' },
    props_img: [],
    skus: {
      sku: [
        { sku_id: '1', properties: '-3:-6;0:0', properties_name: '-3:-6:成色:九成新;0:0:版本:标准', price: '5' },
        { sku_id: '2', properties: '-3:-7;0:0', properties_name: '', price: '6' },
      ],
    },
  })
  assert.deepEqual(options, [
    {
      id: '-3',
      name: '成色',
      values: [
        { id: '-6', name: '九成新', image: null },
        { id: '-7', name: '-7', image: null },
      ],
    },
    { id: '0', name: '版本', values: [{ id: '0', name: '标准', image: null }] },
  ])
  assert.deepEqual(
    skus.map(({ skuId, choices }) => [skuId, choices]),
    [
      [
        '1',
        [
          ['-3', '-6'],
          ['0', '0'],
        ],
      ],
      [
        '2',
        [
          ['-3', '-7'],
          ['0', '0'],
        ],
      ],
    ],
  )
})

test('colons and semicolons inside a value stay in it', () => {
  const names = '1:1:规格:比例1:2;插电;1:2:规格:时间 12:30:00'
  const { options } = listing({
    props_list: [],
    props_img: [],
    props_name: names,
    skus: {
      sku: [
        { sku_id: '1', properties: '1:1', properties_name: '1:1:规格:比例1:2;插电' },
        { sku_id: '2', properties: '1:2' },
      ],
    },
  })
  const values = [
    { id: '1', name: '比例1:2;插电', image: null },
    { id: '2', name: '时间 12:30:00', image: null },
  ]
  assert.deepEqual(options, [{ id: '1', name: '规格', values }])
  const listed = listing({
    props_name: '',
    props_list: { '1:1': '规格:比例1:2;插电' },
    skus: [{ sku_id: '1', properties: '1:1' }],
  })
  assert.deepEqual(listed.options, [{ id: '1', name: '规格', values: [values[0]] }])
})

test('skus that cannot be ordered are left out: no id, a repeated id, a choice left open', () => {
  const { skus, priceFen } = listing({
    skus: {
      sku: [
        { sku_id: '11', properties: '1:1;2:1', price: '9' },
        { sku_id: '', properties: '1:1;2:1', price: '1' },
        { sku_id: '11', properties: '1:1;2:2', price: '2' },
        { sku_id: '12', properties: '1:1', price: '3' },
        { sku_id: 'abc', properties: '1:1;2:1', price: '4' },
        { sku_id: '13', properties: '2:2;1:1', price: '10' },
      ],
    },
  })
  assert.deepEqual(
    skus.map((sku) => [sku.skuId, sku.choices]),
    [
      [
        '11',
        [
          ['1', '1'],
          ['2', '1'],
        ],
      ],
      [
        '13',
        [
          ['1', '1'],
          ['2', '2'],
        ],
      ],
    ],
  )
  assert.equal(priceFen, 900)
})

test('an item without variants keeps its price, and its listed values are attributes', () => {
  for (const skus of [{ sku: [] }, [], null, '', false, {}]) {
    const item = listing({ skus })
    assert.deepEqual([item.options, item.skus, item.priceFen], [[], [], 1990])
    assert.deepEqual(item.attributes, [
      { name: '材质', value: '檀木' },
      { name: '颜色', value: '黑色' },
      { name: '颜色', value: '原木色' },
    ])
  }
})

test('prices: ranges, separators, nothing told, and what is no price', () => {
  const cases: [unknown, number | null][] = [
    ['580', 58_000],
    [580, 58_000],
    ['12.00-30.00', 1200],
    ['1,299.50', 129_950],
    ['12.345', 1235],
    ['0', null],
    [0, null],
    ['', null],
    ['面议', null],
    // Seen for absurd later on.
    ['-5', -500],
    [1e21, Number.MAX_SAFE_INTEGER],
  ]
  for (const [price, fen] of cases) assert.equal(listing({ price, skus: [] }).priceFen, fen, String(price))
})

test('wholesale: steps ascending, unit, minimum order', () => {
  const ref: ListingRef = { marketplace: '1688', listingId: REF.listingId }
  const item = listing(
    { unit: '把', min_num: '3', priceRange: [['≥100', '8.5'], ['3-9', 10], [10, '9.90'], [], ['x', 1], [5, '']] },
    ref,
  )
  assert.deepEqual(
    [item.marketplace, item.unit, item.minimumOrder, item.priceRanges],
    [
      '1688',
      '把',
      3,
      [
        { minQuantity: 3, priceFen: 1000 },
        { minQuantity: 10, priceFen: 990 },
        { minQuantity: 100, priceFen: 850 },
      ],
    ],
  )
})

test('an absurd answer is passed on as it is, for the catalogue to judge', () => {
  const item = listing({ num: '-5', skus: [{ ...ITEM.skus.sku[0], quantity: -3, price: '199000' }] })
  assert.deepEqual([item.stock, item.skus[0]!.stock, item.priceFen], [-5, -3, 19_900_000])
})

test('taobao or tmall is what the answer says, else what was asked', () => {
  const cases: [asked: 'taobao' | 'tmall', fields: Record<string, unknown>, told: string][] = [
    ['taobao', { tmall: true }, 'tmall'],
    ['taobao', { tmall: 'true' }, 'tmall'],
    ['taobao', { tmall: '', seller_info: { shop_type: 'B' } }, 'tmall'],
    ['tmall', { tmall: 'false' }, 'taobao'],
    ['tmall', { tmall: '' }, 'tmall'],
    ['taobao', { tmall: null }, 'taobao'],
  ]
  for (const [marketplace, fields, told] of cases) {
    assert.equal(listing(fields, { ...REF, marketplace }).marketplace, told, JSON.stringify(fields))
  }
  assert.equal(listing({ tmall: true }, { ...REF, marketplace: 'goofish' }).marketplace, 'goofish')
})

test('the tracking pixel, scripts and foreign pictures leave the description', () => {
  const desc = [
    '<style>p{color:red}</style><p onclick="alert(1)">手工&amp;打磨</p>',
    '<script>track("<b>no</b>")</script>',
    '<img src="https://img.alicdn.com/imgextra/keep.jpg">',
    '<img src="https://www.o0b.cn/i.php?t.png&rid=1" style="display:none" />',
    '<img src="https://www.o0b.cn/i.php?t.png">',
    '<img src="http://img.alicdn.com.evil.example/x.jpg"><img src="javascript:alert(1)">',
    '<iframe src="//x.example">inner</iframe>第二行<br>第三行',
  ].join('')
  const item = listing({ desc, desc_img: ['https://www.o0b.cn/i.php', 'https://img.alicdn.com/imgextra/keep.jpg', 7] })
  assert.equal(item.description, '手工&打磨\n第二行\n第三行')
  assert.deepEqual(item.descriptionImages, ['https://img.alicdn.com/imgextra/keep.jpg'])
})

test('pictures are absolute https addresses on named hosts, each once', () => {
  const { images } = listing({
    pic_url: 'http://img.alicdn.com/1.jpg',
    item_imgs: [
      { url: '//img.alicdn.com/1.jpg' },
      { url: '//si.geilicdn.com/2.jpg' },
      { url: 'ftp://img.alicdn.com/3.jpg' },
      { url: '/4.jpg' },
      { url: 'https://127.0.0.1/5.jpg' },
      { url: 'https://[::1]/6.jpg' },
      { url: 'https://user@img.alicdn.com/7.jpg' },
      { url: 'https://img.alicdn.com:8443/8.jpg' },
      { url: 'https://localhost/9.jpg' },
      { url: 'data:image/png;base64,AA' },
      {},
      null,
    ],
  })
  assert.deepEqual(images, ['https://img.alicdn.com/1.jpg', 'https://si.geilicdn.com/2.jpg'])
})

test('weights and sizes that name their unit, and nothing guessed from those that do not', () => {
  const cases: [weight: unknown, grams: number | null][] = [
    ['500g', 500],
    ['0.5kg', 500],
    ['1.25 KG', 1250],
    ['2斤', 1000],
    ['300 克', 300],
    ['0.5', null],
    [500, null],
    ['0g', null],
    ['99999999kg', null],
  ]
  for (const [weight, grams] of cases) assert.equal(listing({ item_weight: weight }).weightGrams, grams, String(weight))
  assert.deepEqual(
    ['10*20*30', '10x20×30cm', '1.5*2*3', '10*20', 'big', 12].map((size) => listing({ item_size: size }).sizeCm3),
    [6000, 6000, 9, null, null, null],
  )
})

test('a machine translation is kept under its language', () => {
  const answer = parse(answerOf({ ...ITEM, title: 'Wooden comb' }, { language: { current_lang: 'en' } }))
  assert.equal(answer.kind, 'found')
  const { title, translations } = answer.listing
  assert.deepEqual([title, translations], ['Wooden comb', { en: { title: 'Wooden comb' } }])
})

test('a huge hostile item is parsed in a moment', () => {
  const many = Array.from({ length: 20_000 }, (_, at) => ({
    sku_id: String(at + 1),
    properties: '1:1;'.repeat(50),
    price: '1',
  }))
  const body = answerOf({
    ...ITEM,
    skus: { sku: many },
    props: many.map(({ sku_id }) => ({ name: sku_id, value: 'x' })),
    props_name: '1:1:a:b;'.repeat(50_000),
    desc: '<'.repeat(200_000) + '<img '.repeat(100_000) + '<script'.repeat(10_000),
  })
  const started = performance.now()
  assert.equal(parse(body).kind, 'found')
  const tookMs = performance.now() - started
  assert.ok(tookMs < 3_000, `${Math.round(tookMs)} ms`)
})
