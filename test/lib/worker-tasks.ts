import { setTimeout as delay } from 'node:timers/promises'
import { threadId } from 'node:worker_threads'
import { DomainError } from '../../src/lib/errors.ts'
import { Handed } from '../../src/lib/worker-entry.ts'

type Wish = { do: string; ms?: number; bytes?: Uint8Array }

/** When a task ran, by a clock that all threads share. */
export type Span = { from: bigint; to: bigint }

/** A task for tests: does what it is told. */
export default async function work(wish: Wish): Promise<unknown> {
  if (wish.do === 'thread') {
    await delay(wish.ms ?? 0)
    return threadId
  }
  if (wish.do === 'span') {
    const from = process.hrtime.bigint()
    await delay(wish.ms ?? 0)
    return { from, to: process.hrtime.bigint() }
  }
  if (wish.do === 'double') {
    const doubled = wish.bytes!.map((byte) => byte * 2)
    return new Handed(doubled, [doubled.buffer])
  }
  if (wish.do === 'refuse') throw new DomainError('unprocessable', 'Not like this.', { at: 3 })
  if (wish.do === 'fail') throw new TypeError('broken')
  if (wish.do === 'spin') for (;;);
  if (wish.do === 'exit') process.exit(3)
  if (wish.do === 'hoard') {
    const held: number[][] = []
    for (;;) held.push(Array.from({ length: 100_000 }, () => Math.random()))
  }
  return null
}
