import { DomainError, OperatorError } from '../../../lib/errors.ts'
import { decodeRaster, type Raster } from '../../media/raster.ts'
import { inventPictures } from '../embedder/invented.ts'
import { learn, type LearnProgress } from '../embedder/learn.ts'

/** What comes after the pictures, in its order. */
export const STEPS = ['pictures', 'vector', 'words', 'cosines'] as const

/** Encoded pictures, or how many are to be invented. `progress`: shared; the place of the step, and pictures looked at. */
export type LearnOrder = { source: Uint8Array[] | { seed: number; count: number }; progress: Int32Array }

/** The bytes of an asset, or the sentence that says why there are none. Passes over what is no picture. */
export type Learned = { asset: Uint8Array } | { refusal: string }

export default async function learnTask({ source, progress }: LearnOrder): Promise<Learned> {
  const pictures = Array.isArray(source) ? decoded(source) : inventPictures(source.seed, source.count)
  const onProgress: LearnProgress = (step, done) => {
    Atomics.store(progress, 0, STEPS.indexOf(step))
    Atomics.store(progress, 1, done)
  }
  try {
    return { asset: await learn(pictures, { onProgress }) }
  } catch (error) {
    // Of what is thrown here, only the words of a refusal to a caller get out of a thread.
    if (error instanceof OperatorError) return { refusal: error.message }
    throw error
  }
}

async function* decoded(source: readonly Uint8Array[]): AsyncGenerator<Raster> {
  for (const bytes of source) {
    const raster = await decodeRaster(bytes).catch((error: unknown) => {
      if (error instanceof DomainError) return null
      throw error
    })
    if (raster) yield raster
  }
}
