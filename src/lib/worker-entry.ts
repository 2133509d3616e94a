import { parentPort, type Transferable } from 'node:worker_threads'
import { DomainError } from './errors.ts'
import type { Order } from './workers.ts'

/** A task's answer with what of it is handed over rather than copied. */
export class Handed {
  readonly output: unknown
  readonly transfer: Transferable[]

  constructor(output: unknown, transfer: Transferable[]) {
    this.output = output
    this.transfer = transfer
  }
}

type TaskModule = { default: (input: unknown) => unknown }

// In a thread of `openWorkers`: runs one order after another. Nothing happens where this is merely imported.
parentPort?.on('message', ({ id, task, input }: Order) => void answer(id, task, input))

async function answer(id: number, task: string, input: unknown): Promise<void> {
  const { transfer, ...outcome } = await run(task, input)
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window
  parentPort!.postMessage({ id, ...outcome }, transfer ?? [])
}

async function run(task: string, input: unknown): Promise<Record<string, unknown> & { transfer?: Transferable[] }> {
  try {
    const module = (await import(task)) as TaskModule
    const output = await module.default(input)
    return output instanceof Handed ? { output: output.output, transfer: output.transfer } : { output }
  } catch (error) {
    if (error instanceof DomainError) {
      const { code, message, details } = error
      return { refusal: { code, message, details } }
    }
    return { error: error instanceof Error ? error : new Error(String(error)) }
  }
}
