import { OperatorError } from '../../../lib/errors.ts'
import type { Raster } from '../../media/raster.ts'
import { type Learnt, writeAsset } from './asset.ts'
import { CENTRES, type Codebook, HALF_DIM, LOCAL_DIM } from './codebook.ts'
import { DESCRIPTOR_DIM } from './descriptors.ts'
import { globalVector } from './embedder.ts'
import { isBlankSquare, localFeatures, rawVectorOf, squareOf } from './extract.ts'
import { RAW_DIM } from './global-vector.ts'
import { kMeans } from './k-means.ts'
import { orthonormalise, principalComponents } from './principal-components.ts'
import { project, type Projection } from './projection.ts'
import { seededNumbers } from './seeded.ts'

/** How far learning has come: pictures first, whose number is not known, then the steps of the arithmetic. */
export type LearnProgress = (step: 'pictures' | 'vector' | 'words' | 'cosines', done: number) => void

/** Below the first number nothing is learnt; from the second on it is learnt well. */
export const PICTURES_MIN = 200
export const PICTURES_GOOD = 2_000

const DIM = 192
const POINTS_A_PICTURE = 40
const POINTS_MAX = 80_000

/**
 * Learns from pictures what `classic-v1` compares others by, as the bytes of an asset: which directions pictures differ in,
 * which local features there are, and how alike two pictures are by chance. Equal pictures in equal order give equal bytes.
 * Computes for a minute a few thousand pictures, about 40 ms a picture. Blank pictures are passed over. Throws an
 * `OperatorError` when there are fewer than `PICTURES_MIN` others.
 */
export async function learn(
  pictures: Iterable<Raster> | AsyncIterable<Raster>,
  { onProgress = () => {} }: { onProgress?: LearnProgress } = {},
): Promise<Uint8Array> {
  const vectors: Float32Array[] = []
  const descriptors: Uint8Array[] = []
  const unit = seededNumbers(7)
  for await (const picture of pictures) {
    const square = squareOf(picture)
    if (isBlankSquare(square)) continue
    vectors.push(rawVectorOf(square))
    descriptors.push(...someOf(localFeatures(picture, 300).descriptors, unit))
    onProgress('pictures', vectors.length)
  }
  if (vectors.length < PICTURES_MIN) {
    throw new OperatorError(
      `Learning takes at least ${PICTURES_MIN} pictures that show something, better ${PICTURES_GOOD}; there are ${vectors.length}`,
    )
  }
  onProgress('vector', vectors.length)
  const vector = learnVector(vectors)
  onProgress('words', vectors.length)
  const codebook = learnWords(descriptors)
  onProgress('cosines', vectors.length)
  return writeAsset({ vector, codebook, cosines: learnCosines(vector, vectors) })
}

/** A few of a picture's descriptors, so that one rich in detail does not teach more than others. */
function someOf(descriptors: Uint8Array, unit: () => number): Uint8Array[] {
  const count = descriptors.length / DESCRIPTOR_DIM
  const order = Array.from({ length: count }, (_, at) => ({ at, key: unit() })).sort((a, b) => a.key - b.key)
  return order
    .slice(0, POINTS_A_PICTURE)
    .map(({ at }) => descriptors.slice(at * DESCRIPTOR_DIM, (at + 1) * DESCRIPTOR_DIM))
}

/** How much of the differences in variance is evened out: 0 keeps them, 0.5 makes every direction count the same. */
const WHITENING = 0.25

function learnVector(vectors: readonly Float32Array[]): Projection {
  const { mean, rows, variances } = principalComponents(vectors, RAW_DIM, DIM)
  variances.forEach((variance, row) => {
    const factor = (variance + variances[0]! * 1e-4) ** -WHITENING
    for (let at = row * RAW_DIM; at < (row + 1) * RAW_DIM; at++) rows[at]! *= factor
  })
  return { from: RAW_DIM, to: DIM, mean, rows }
}

function learnWords(all: readonly Uint8Array[]): Codebook {
  const step = Math.max(1, all.length / POINTS_MAX)
  const descriptors = Array.from({ length: Math.floor(all.length / step) }, (_, at) => all[Math.floor(at * step)]!)
  const { mean, rows } = principalComponents(descriptors, DESCRIPTOR_DIM, LOCAL_DIM)
  const projection = { from: DESCRIPTOR_DIM, to: LOCAL_DIM, mean, rows: inHalves(rows) }
  const halves = [new Float32Array(descriptors.length * HALF_DIM), new Float32Array(descriptors.length * HALF_DIM)]
  descriptors.forEach((descriptor, each) => {
    const point = project(projection, descriptor, 1)
    halves.forEach((half, side) => half.set(point.subarray(side * HALF_DIM, (side + 1) * HALF_DIM), each * HALF_DIM))
  })
  const centres = halves.map((half, side) => kMeans(half, HALF_DIM, CENTRES[side]!)) as [Float32Array, Float32Array]
  return { projection, centres }
}

/**
 * Deals the components out to two halves of like weight, and turns each half by a random rotation, so that every number,
 * and so every bit of a signature, tells as much as the others.
 */
function inHalves(rows: Float32Array): Float32Array {
  const dealt = new Float32Array(rows.length)
  const unit = seededNumbers(99)
  for (let side = 0; side < 2; side++) {
    const rotation = Float32Array.from({ length: HALF_DIM ** 2 }, () => normal(unit))
    orthonormalise(rotation, HALF_DIM)
    for (let to = 0; to < HALF_DIM; to++) {
      for (let each = 0; each < HALF_DIM; each++) {
        // First, fourth, fifth, eighth, … and the others.
        const component = 2 * each + ((each + side) & 1)
        const weight = rotation[to * HALF_DIM + each]!
        const from = component * DESCRIPTOR_DIM
        const into = (side * HALF_DIM + to) * DESCRIPTOR_DIM
        for (let at = 0; at < DESCRIPTOR_DIM; at++) dealt[into + at]! += weight * rows[from + at]!
      }
    }
  }
  return dealt
}

/** Nearly normal, around 0. */
const normal = (unit: () => number): number => unit() + unit() + unit() + unit() + unit() + unit() - 3

const SHARES = [0.01, 0.1, 0.5, 0.75, 0.9, 0.97, 0.99, 0.997, 0.999, 0.9997, 0.9999]
const PAIRS = 1_000_000

function learnCosines(vector: Projection, raws: readonly Float32Array[]): Learnt['cosines'] {
  const vectors = raws.map((raw) => Float32Array.from(globalVector(vector, raw)))
  const unit = seededNumbers(5)
  const cosines = Float32Array.from({ length: PAIRS }, () => {
    const first = Math.floor(unit() * vectors.length)
    const other = (first + 1 + Math.floor(unit() * (vectors.length - 1))) % vectors.length
    return cosineOf(vectors[first]!, vectors[other]!)
  }).sort()
  return SHARES.map((share) => [share, cosines[Math.floor(share * PAIRS)]!] as const)
}

function cosineOf(a: Float32Array, b: Float32Array): number {
  let product = 0
  let squaresA = 0
  let squaresB = 0
  for (let at = 0; at < a.length; at++) {
    product += a[at]! * b[at]!
    squaresA += a[at]! ** 2
    squaresB += b[at]! ** 2
  }
  return product / Math.sqrt(squaresA * squaresB + 1e-9)
}
