import type { Clock } from '../../lib/clock.ts'
import { OperatorError } from '../../lib/errors.ts'
import type { Workers } from '../../lib/workers.ts'
import { type Learned, type LearnOrder, STEPS } from './tasks/learn.ts'

export type LearnStep = (typeof STEPS)[number]

const TASK = new URL('tasks/learn.ts', import.meta.url)
const LOOK_MS = 500

/**
 * Learns an asset in a thread, as the arithmetic takes minutes: from encoded pictures, or from so many invented ones. `onLook` is
 * told twice a second how far it is. Throws an `OperatorError` when there are too few pictures, and the signal's reason when that
 * aborts; the thread ends with the workers.
 */
export async function learnAsset(
  { workers, clock }: { workers: Workers; clock: Clock },
  source: LearnOrder['source'],
  { onLook, signal }: { onLook: (step: LearnStep, pictures: number) => void; signal: AbortSignal },
): Promise<Uint8Array> {
  const progress = new Int32Array(new SharedArrayBuffer(8))
  const order: LearnOrder = { source, progress }
  const over = new AbortController()
  const learning = workers.run<Learned>(TASK, order).finally(() => over.abort())
  learning.catch(() => {})
  const stop = AbortSignal.any([signal, over.signal])
  while (!stop.aborted) {
    onLook(STEPS[Atomics.load(progress, 0)]!, Atomics.load(progress, 1))
    await clock.sleep(LOOK_MS, stop).catch(() => {})
  }
  signal.throwIfAborted()
  const learned = await learning
  if ('refusal' in learned) throw new OperatorError(learned.refusal)
  return learned.asset
}
