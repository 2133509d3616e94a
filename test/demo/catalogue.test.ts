import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { demoListings, findLook, type DemoListing } from '../../src/demo/catalogue.ts'
import { QC_PHOTOS_MAX, viewsOf } from '../../src/demo/views.ts'
import { MARKETPLACES } from '../../src/products/links/marketplaces.ts'

const listings = demoListings()
const byId = new Map(listings.map((listing) => [listing.id, listing]))

test('about 200 products over all five marketplaces, no number twice', () => {
  assert.ok(listings.length >= 200 && listings.length <= 230, String(listings.length))
  for (const marketplace of MARKETPLACES) {
    assert.ok(listings.filter((listing) => listing.marketplace === marketplace).length >= 10, marketplace)
  }
  const unique = (values: string[]) => assert.equal(new Set(values).size, values.length)
  unique(listings.map(({ id }) => String(id)))
  // Unique over all marketplaces, as pictures are named by it alone.
  unique(listings.map(({ listingId }) => listingId))
  unique(listings.map(({ title }) => title))
  unique(listings.map(({ translations }) => translations['en']!.title!))
})

test('each listing holds together', async (t) => {
  for (const listing of listings) {
    await t.test(`${listing.id} ${listing.title}`, () => {
      assert.deepEqual(faults(listing), [])
    })
  }
})

function faults(listing: DemoListing): string[] {
  const found: string[] = []
  const must = (holds: boolean, fault: string) => {
    if (!holds) found.push(fault)
  }
  const prices = listing.skus.map((sku) => sku.priceFen!)
  must(listing.id > 0 && listing.id < 1_000_000, 'id is not below those of real products')
  must(/^\d{9,20}$/.test(listing.listingId), 'listing id')
  must(/\p{Script=Han}/u.test(listing.title), 'title is not Chinese')
  must(/^[ -~]+$/.test(listing.translations['en']!.title!), 'English title is not English')
  must(
    prices.every((price) => Number.isSafeInteger(price) && price > 0),
    'sku price',
  )
  must(listing.priceFen === Math.min(...prices), 'price is not the lowest sku price')
  must(listing.originalPriceFen === null || listing.originalPriceFen > listing.priceFen!, 'original price')
  must(
    listing.skus.some((sku) => sku.stock! > 0),
    'nothing can be bought',
  )
  must(listing.skus.reduce((sum, sku) => sum + sku.stock!, 0) <= listing.stock!, 'stock is below that of its skus')
  must(new Set(listing.skus.map((sku) => sku.skuId)).size === listing.skus.length, 'sku id twice')
  must(new Set(listing.skus.map((sku) => String(sku.choices))).size === listing.skus.length, 'choices twice')
  for (const sku of listing.skus) {
    const named = sku.choices.map(
      ([option, value], at) =>
        listing.options[at]?.id === option && listing.options[at].values.some(({ id }) => id === value),
    )
    must(named.length === listing.options.length && named.every(Boolean), `sku ${sku.skuId} chooses what is not there`)
    must((sku.specId !== null) === (listing.marketplace === '1688'), 'spec id')
  }
  must(
    listing.images.length === viewsOf(findLook(listing.listingId)!.colours.length).length,
    'images and what is drawn',
  )
  must(listing.images.length >= 4 && listing.images.length <= 6, 'images')
  const named = [
    ...listing.skus.map((sku) => sku.image),
    ...listing.options.flatMap(({ values }) => values.map(({ image }) => image)),
  ]
  must(
    named.every((image) => image === null || listing.images.includes(image)),
    'an image that is not among the images',
  )
  must(listing.qcPhotos.length <= QC_PHOTOS_MAX, 'QC photos')
  must(
    [...listing.images, ...listing.qcPhotos].every((path) => path.startsWith('/media/demo/')),
    'picture path',
  )
  must((listing.minimumOrder !== null) === (listing.marketplace === '1688'), 'minimum order')
  const steps = listing.priceRanges
  must(
    steps.length === 0 || (steps[0]!.priceFen === listing.priceFen && steps[0]!.minQuantity === listing.minimumOrder),
    'first step',
  )
  must(
    steps.every(
      (step, at) =>
        at === 0 || (step.minQuantity > steps[at - 1]!.minQuantity && step.priceFen < steps[at - 1]!.priceFen),
    ),
    'steps',
  )
  must(listing.weightGrams! > 0 && listing.sizeCm3! > 0, 'weight and size')
  must(
    [listing.seller.name, listing.seller.city, listing.seller.province].every((text) => /\p{Script=Han}/u.test(text!)),
    'seller',
  )

  const { terms } = listing.translations['en']!
  const words = [
    ...listing.options.flatMap((option) => [option.name, ...option.values.map(({ name }) => name)]),
    ...listing.attributes.flatMap(({ name, value }) => [name, value]),
    listing.unit!,
  ]
  for (const word of words) must(!/\p{Script=Han}/u.test(terms![word] ?? word), `no English for ${word}`)
  return found
}

test('the examples of the API references are there, with their figures', () => {
  const shown = [482_910, 500_001, 500_002, 500_003].map((id) => {
    const { marketplace, listingId, priceFen, minimumOrder } = byId.get(id)!
    return [id, marketplace, listingId, priceFen, minimumOrder]
  })
  assert.deepEqual(shown, [
    [482_910, 'weidian', '7231368393', 47_000, null],
    [500_001, 'weidian', '7266541641', 4_100, null],
    [500_002, 'weidian', '1234567890', 16_800, null],
    [500_003, '1688', '791912182230', 285, 10],
  ])
  assert.equal(byId.get(482_910)!.qcPhotos.length, 12)
  const { weightGrams, sizeCm3, deliveryDays, sales } = byId.get(500_001)!
  assert.deepEqual(
    { weightGrams, sizeCm3, deliveryDays, sales },
    { weightGrams: 256.11, sizeCm3: 1805.74, deliveryDays: '2.5', sales: 49 },
  )
  assert.equal(byId.get(500_003)!.seller.city, '金华市')
  assert.deepEqual(
    [byId.get(12_346)!.marketplace, byId.get(12_346)!.priceFen, byId.get(12_346)!.minimumOrder],
    ['1688', 8_900, 2],
  )
  assert.deepEqual(
    byId.get(67_890)!.skus.map(({ skuId }) => skuId),
    ['s010'],
  )

  const trainers = byId.get(12_345)!
  const english = (word: string) => trainers.translations['en']!.terms![word] ?? word
  assert.deepEqual(
    {
      marketplace: trainers.marketplace,
      listingId: trainers.listingId,
      priceFen: trainers.priceFen,
      originalPriceFen: trainers.originalPriceFen,
      sales: trainers.sales,
      stock: trainers.stock,
      categoryId: trainers.categoryId,
      skus: trainers.skus.map((sku) => [
        sku.skuId,
        sku.choices
          .map(([, value], at) => english(trainers.options[at]!.values.find(({ id }) => id === value)!.name))
          .join(' / '),
        sku.priceFen,
        sku.stock,
      ]),
      attributes: trainers.attributes.map(({ name, value }) => [english(name), english(value)]),
    },
    {
      marketplace: 'taobao',
      listingId: '6789012345',
      priceFen: 29_900,
      originalPriceFen: 49_900,
      sales: 1_580,
      stock: 200,
      categoryId: '23',
      skus: [
        ['s001', 'Black / US 9', 29_900, 50],
        ['s002', 'White / US 9', 31_900, 30],
      ],
      attributes: [
        ['Material', 'Leather'],
        ['Origin', 'Vietnam'],
      ],
    },
  )
  assert.equal(findLook('123456789'), null)
  assert.ok(!listings.some(({ listingId }) => listingId === '123456789'))
})

test('another process makes the same catalogue', () => {
  const script = `import { demoListings } from ${JSON.stringify(new URL('../../src/demo/catalogue.ts', import.meta.url).href)}
    process.stdout.write(JSON.stringify(demoListings()))`
  const other = execFileSync(process.execPath, ['--input-type=module', '-e', script], { maxBuffer: 50_000_000 })
  assert.deepEqual(JSON.parse(other.toString()), listings)
})
