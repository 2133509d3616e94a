import { DomainError } from '../../lib/errors.ts'
import { type RunOptions, WorkerTimeout, type Workers } from '../../lib/workers.ts'

/**
 * The last resort: the limits on what is decoded keep a picture far below it, and it covers what no limit foresaw. The
 * decoder's own limit is shorter, as it also stops the decoder.
 */
const TASK_MS_MAX = 10_000
export const DECODE_SECONDS_MAX = 8

/** Runs a picture's task in a thread. Throws `DomainError('unprocessable')` when it takes too long. */
export async function inThread<Output>(
  workers: Workers,
  task: URL,
  input: { bytes: Uint8Array } & Record<string, unknown>,
  options: Pick<RunOptions, 'isBackground' | 'isFree'> = {},
): Promise<Output> {
  // One copy of exactly these bytes: a view would take along all of the memory it lies in.
  const bytes = new Uint8Array(input.bytes)
  try {
    const how = { ...options, transfer: [bytes.buffer], timeoutMs: TASK_MS_MAX }
    return await workers.run<Output>(task, { ...input, bytes }, how)
  } catch (error) {
    if (error instanceof WorkerTimeout) throw refused('takes too long to decode')
    throw error
  }
}

export function refused(reason: string, options: ErrorOptions = {}): DomainError {
  return new DomainError('unprocessable', `The picture ${reason}.`, {}, options)
}
