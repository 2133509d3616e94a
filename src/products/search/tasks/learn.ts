import { once } from 'node:events'
import type { MessagePort } from 'node:worker_threads'
import { DomainError, OperatorError } from '../../../lib/errors.ts'
import { decodeRaster, type Raster } from '../../media/raster.ts'
import { inventPictures } from '../embedder/invented.ts'
import { learn, type LearnProgress } from '../embedder/learn.ts'

/** What comes after the pictures, in its order. */
export const STEPS = ['pictures', 'vector', 'words', 'cosines'] as const

/**
 * From how many pictures: invented ones, or encoded ones that are asked for through `port` one after another, each answered
 * with its bytes and the end with null. `progress`: shared; the place of the step, and pictures looked at.
 */
export type LearnOrder = {
  source: { seed: number; count: number } | { port: MessagePort; count: number }
  progress: Int32Array
}

/** The bytes of an asset, or the sentence that says why there are none. Passes over what is no picture. */
export type Learned = { asset: Uint8Array } | { refusal: string }

export default async function learnTask({ source, progress }: LearnOrder): Promise<Learned> {
  const { count } = source
  const pictures = 'port' in source ? decoded(source.port, count) : inventPictures(source.seed, count)
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

/** The first `count` that are pictures. */
async function* decoded(port: MessagePort, count: number): AsyncGenerator<Raster> {
  for (let had = 0; had < count;) {
    const bytes = await next(port)
    if (bytes === null) return
    const raster = await decodeRaster(bytes).catch((error: unknown) => {
      if (error instanceof DomainError) return null
      throw error
    })
    if (!raster) continue
    had++
    yield raster
  }
}

async function next(port: MessagePort): Promise<Uint8Array | null> {
  const answer = once(port, 'message') as Promise<[Uint8Array | null]>
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window
  port.postMessage('next')
  return (await answer)[0]
}
