import assert from 'node:assert/strict'
import { test } from 'node:test'
import { demoListings, findLook } from '../../src/demo/catalogue.ts'
import { readDemoFeatures } from '../../src/demo/features.ts'
import { demoGalleries } from '../../src/demo/qc-sets.ts'
import { qcColour } from '../../src/demo/views.ts'
import { assertFacts } from '../../src/products/qc/facts.ts'

const listings = new Map(demoListings().map((listing) => [listing.id, listing]))
const features = await readDemoFeatures()
const galleries = demoGalleries(features)

test('every drawn photo stands in one set, of a sku in the colour that it shows', () => {
  assert.deepEqual(
    galleries.map(({ id }) => id),
    [...listings.keys()],
  )
  for (const { id, listingId, sets } of galleries) {
    const listing = listings.get(id)!
    const look = findLook(listingId)!
    assert.deepEqual(
      sets.flatMap(({ photos }) => photos.map(({ path }) => path)).sort(),
      listing.qcPhotos.toSorted(),
      String(id),
    )
    for (const { skuId, photos } of sets) {
      const sku = listing.skus.find((each) => each.skuId === skuId)!
      const at = listing.options[0]?.values.findIndex((value) => value.id === sku.choices[0]![1]) ?? 0
      for (const { path, phash } of photos) {
        assert.match(phash!, /^[0-9a-f]{64}$/)
        assert.equal(qcColour(path.slice('/media/demo/'.length), look.colours.length), at, path)
      }
    }
  }
})

test('what is known of a set is what can have been measured: the newest first, while the warehouse works', () => {
  for (const { id, sets } of galleries) {
    const listing = listings.get(id)!
    for (const [at, set] of sets.entries()) {
      assertFacts(set, new Date('2026-07-01'))
      assert.ok(set.takenAt! > new Date('2025-06-01'), String(id))
      assert.ok(at === 0 || set.takenAt! < sets[at - 1]!.takenAt!, String(id))
      assert.ok(set.takenAt!.getUTCHours() >= 1 && set.takenAt!.getUTCHours() <= 10, String(set.takenAt))
      assert.equal(set.weightGrams, Math.round(listing.weightGrams!))
      const [length, width, height] = set.sizeMm!
      const ratio = (length * width * height) / 1_000 / listing.sizeCm3!
      assert.ok(ratio > 0.9 && ratio < 1.1, `${id}: ${ratio}`)
    }
  }
})

test('the same on every machine', () => {
  assert.deepEqual(demoGalleries(features), galleries)
  const { sets } = galleries.find(({ id }) => id === 482_910)!
  assert.deepEqual(
    sets.map(({ takenAt, weightGrams, sizeMm, photos }) => [
      takenAt!.toISOString(),
      weightGrams,
      sizeMm,
      photos.length,
    ]),
    [
      ['2026-01-02T08:13:00.000Z', 832, [330, 210, 120], 4],
      ['2025-12-08T04:51:00.000Z', 832, [330, 210, 120], 6],
      ['2025-11-06T06:27:00.000Z', 832, [330, 210, 120], 2],
    ],
  )
})
