import type { DemoGallery } from '../products/qc/demo.ts'
import type { DemoListing, Look } from './build.ts'
import { demoListings, findLook } from './catalogue.ts'
import { unpackFeatures } from '../products/search/embedder/features.ts'
import type { DemoFeatures } from './features.ts'
import { seeded } from './seeded.ts'
import { qcColour } from './views.ts'

/** Where drawings are served, before their names. */
const DRAWN = '/media/demo/'
const DAY_MS = 24 * 3_600_000
const MINUTE_MS = 60_000
/** No photo is older than this, or more than a year younger. */
const FIRST_DAY = Date.UTC(2025, 5, 1)

/** Every demo product with the sets of its drawn photos: those of one colour are one set, of a sku in that colour. */
export function demoGalleries({ features }: DemoFeatures): DemoGallery[] {
  return demoListings().map((listing) => {
    const { id, marketplace, listingId } = listing
    return { id, marketplace, listingId, sets: setsOf(listing, findLook(listingId)!, features) }
  })
}

function setsOf(listing: DemoListing, look: Look, features: DemoFeatures['features']): DemoGallery['sets'] {
  const dice = seeded(`qc ${listing.listingId}`)
  const colourOf = (path: string) => qcColour(path.slice(DRAWN.length), look.colours.length)
  const byColour = Map.groupBy(listing.qcPhotos, colourOf)
  let day = FIRST_DAY + dice.whole(200, 360) * DAY_MS
  return [...byColour].map(([colour, paths]) => {
    // While the warehouse works: 9 to 18 o'clock in China.
    const takenAt = new Date(day + dice.whole(60, 600) * MINUTE_MS)
    day -= dice.whole(2, 40) * DAY_MS
    const value = listing.options[0]?.values[colour]
    const skus = listing.skus.filter(({ choices }) => choices[0]?.[1] === value?.id)
    return {
      skuId: dice.pick(skus).skuId,
      source: 'warehouse',
      takenAt,
      // What the drawn scale shows.
      weightGrams: Math.round(look.weightGrams),
      sizeMm: measured(look.boxCm, listing.sizeCm3!),
      isPublic: true,
      photos: paths.map((path) => ({ path, phash: hashOf(features.get(path)) })),
    }
  })
}

/** The sides in millimetres of a box of these proportions and this volume. */
function measured([length, width, height]: Look['boxCm'], sizeCm3: number): [number, number, number] {
  const stretch = Math.cbrt(sizeCm3 / (length * width * height))
  const side = (cm: number) => Math.round(cm * stretch * 10)
  return [side(length), side(width), side(height)]
}

/** Of a drawing that is not blank. */
function hashOf(packed: Buffer | undefined): string | null {
  const features = packed && unpackFeatures(packed)
  return !features || features.isBlank ? null : Buffer.from(features.pHash).toString('hex')
}
