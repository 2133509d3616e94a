import { DomainError } from '../../lib/errors.ts'

/** Who took the photos of a set. */
export const QC_SOURCES = ['warehouse', 'upload', 'feed'] as const
export type QcSource = (typeof QC_SOURCES)[number]

export type SizeMm = readonly [length: number, width: number, height: number]

/** What is known of a set of photos; null where nobody knows. */
export type QcFacts = {
  /** One of the product's skus. */
  skuId: string | null
  source: QcSource
  takenAt: Date | null
  weightGrams: number | null
  sizeMm: SizeMm | null
  /** Private ones are for staff, and for whom they give a signed address. */
  isPublic: boolean
}

const WEIGHT_GRAMS_MAX = 1_000_000
const SIDE_MM_MAX = 20_000

/** Throws `input_invalid` for what cannot have been measured, or not yet. */
export function assertFacts({ takenAt, weightGrams, sizeMm }: QcFacts, now: Date): void {
  const isMeasured = (value: number, max: number) => Number.isInteger(value) && value >= 1 && value <= max
  if (takenAt !== null && !(takenAt <= now)) {
    throw new DomainError('input_invalid', 'Photos cannot be taken in the future.')
  }
  if (weightGrams !== null && !isMeasured(weightGrams, WEIGHT_GRAMS_MAX)) {
    throw new DomainError('input_invalid', `The weight must be 1 to ${WEIGHT_GRAMS_MAX} whole grams.`)
  }
  if (sizeMm !== null && !sizeMm.every((side) => isMeasured(side, SIDE_MM_MAX))) {
    throw new DomainError('input_invalid', `The sides must be 1 to ${SIDE_MM_MAX} whole millimetres.`)
  }
}
