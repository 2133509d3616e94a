import { MessageChannel, type MessagePort } from 'node:worker_threads'
import type { Clock } from '../../lib/clock.ts'
import { OperatorError } from '../../lib/errors.ts'
import type { Workers } from '../../lib/workers.ts'
import { type Learned, type LearnOrder, STEPS } from './tasks/learn.ts'

export type LearnStep = (typeof STEPS)[number]
/** So many invented pictures, or the first `count` of encoded ones; what is no picture is passed over. */
export type LearnSource = { seed: number; count: number } | { pictures: AsyncIterable<Uint8Array>; count: number }

const TASK = new URL('tasks/learn.ts', import.meta.url)
const LOOK_MS = 500

/**
 * Learns an asset in a thread, as the arithmetic takes minutes. `onLook` is told twice a second how far it is. Throws an
 * `OperatorError` when there are too few pictures, what `pictures` throws, and the signal's reason when that aborts; the
 * thread ends with the workers.
 */
export async function learnAsset(
  { workers, clock }: { workers: Workers; clock: Clock },
  source: LearnSource,
  { onLook, signal }: { onLook: (step: LearnStep, pictures: number) => void; signal: AbortSignal },
): Promise<Uint8Array> {
  const progress = new Int32Array(new SharedArrayBuffer(8))
  const over = new AbortController()
  const learning = learn(workers, source, progress).finally(() => over.abort())
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

async function learn(workers: Workers, source: LearnSource, progress: Int32Array): Promise<Learned> {
  const run = (order: LearnOrder['source'], transfer: MessagePort[] = []) =>
    workers.run<Learned>(TASK, { source: order, progress } satisfies LearnOrder, { transfer })
  if ('seed' in source) return run(source)
  const { port1: ours, port2: port } = new MessageChannel()
  const failed = Promise.withResolvers<never>()
  const pictures = source.pictures[Symbol.asyncIterator]()
  // Handed over when it is asked for: one picture is in memory at a time, not all of them.
  const give = async () => {
    const { done, value } = await pictures.next()
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window
    ours.postMessage(done ? null : value)
  }
  ours.on('message', () => void give().catch(failed.reject))
  try {
    return await Promise.race([run({ port, count: source.count }, [port]), failed.promise])
  } finally {
    ours.close()
  }
}
