import { createHash } from 'node:crypto'
import { OperatorError } from '../../../lib/errors.ts'
import { CENTRES, type Codebook, HALF_DIM, LOCAL_DIM } from './codebook.ts'
import { DESCRIPTOR_DIM } from './descriptors.ts'
import { RAW_DIM } from './global-vector.ts'
import type { Projection } from './projection.ts'

/** Everything that `classic-v1` learns from pictures. */
export type Learnt = {
  /** From what a picture looks like to its global vector, before that is scaled. */
  vector: Projection
  codebook: Codebook
  /** As `EmbedderInfo.cosines`. */
  cosines: (readonly [share: number, cosine: number])[]
}

/** Grows with every change to the method or to this format that changes numbers. */
const VERSION = 1
export const ID = 'classic-v1'

const MAGIC = Buffer.from(`openhaul ${ID} ${VERSION}\n`.padEnd(32))
const DIGEST_BYTES = 32
const digestOf = (content: Uint8Array) => createHash('sha256').update(content).digest()

/**
 * As one run of bytes: the magic, the digest of what follows, the numbers of dimensions and of shares, then the arrays,
 * little-endian floats but for the rows of the vector's projection, which are signed bytes with a factor a row.
 */
export function writeAsset({ vector, codebook, cosines }: Learnt): Uint8Array {
  const factors = new Float32Array(vector.to)
  const rows = new Int8Array(vector.to * RAW_DIM)
  for (let row = 0; row < vector.to; row++) {
    const values = vector.rows.subarray(row * RAW_DIM, (row + 1) * RAW_DIM)
    factors[row] = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-9) / 127
    values.forEach((value, at) => (rows[row * RAW_DIM + at] = Math.round(value / factors[row]!)))
  }
  const parts = [
    Uint32Array.of(vector.to, cosines.length),
    Float64Array.from(cosines.flat()),
    vector.mean,
    factors,
    codebook.projection.mean,
    codebook.projection.rows,
    ...codebook.centres,
    rows,
  ]
  const content = Buffer.concat(parts.map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength)))
  return Buffer.concat([MAGIC, digestOf(content), content])
}

/** The reverse of `writeAsset`. Throws an `OperatorError` for what is no such asset, damaged, or of another version. */
export function readAsset(bytes: Uint8Array): Learnt {
  const magic = Buffer.from(bytes.subarray(0, MAGIC.length))
  if (!magic.equals(MAGIC)) {
    const found = /^openhaul [\w -]+/.exec(magic.toString('latin1'))?.[0].trim()
    throw new OperatorError(
      found
        ? `this asset is of "${found}", and this program reads "${MAGIC.toString().trim()}": learn it again`
        : `this is no asset of ${ID}`,
    )
  }
  const content = bytes.slice(MAGIC.length + DIGEST_BYTES)
  if (!digestOf(content).equals(bytes.subarray(MAGIC.length, MAGIC.length + DIGEST_BYTES))) {
    throw new OperatorError(`this asset of ${ID} is damaged: its content is not what was written`)
  }
  let at = 0
  const take = (length: number) => content.buffer.slice(content.byteOffset + at, content.byteOffset + (at += length))
  const floats = (count: number) => new Float32Array(take(count * 4))
  const [dim = 0, shares = 0] = new Uint32Array(take(8))
  const pairs = new Float64Array(take(shares * 16))
  const mean = floats(RAW_DIM)
  const factors = floats(dim)
  const local = {
    from: DESCRIPTOR_DIM,
    to: LOCAL_DIM,
    mean: floats(DESCRIPTOR_DIM),
    rows: floats(LOCAL_DIM * DESCRIPTOR_DIM),
  }
  const centres = [floats(CENTRES[0] * HALF_DIM), floats(CENTRES[1] * HALF_DIM)] as const
  const rows = Float32Array.from(
    new Int8Array(take(dim * RAW_DIM)),
    (value, each) => value * factors[Math.floor(each / RAW_DIM)]!,
  )
  return {
    vector: { from: RAW_DIM, to: dim, mean, rows },
    codebook: { projection: local, centres },
    cosines: Array.from({ length: shares }, (_, each) => [pairs[each * 2]!, pairs[each * 2 + 1]!] as const),
  }
}

/** Of the method, its version and everything learnt: features are only compared when theirs are equal. */
export function fingerprintOf(asset: Uint8Array): string {
  return createHash('sha256').update(MAGIC).update(asset).digest('hex')
}
