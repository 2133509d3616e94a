import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { DomainError } from '../../src/lib/errors.ts'
import {
  openWorkers,
  type RunOptions,
  type Workers,
  WorkerTimeout,
  type WorkersOptions,
} from '../../src/lib/workers.ts'
import type { Span } from './worker-tasks.ts'

const TASK = new URL('worker-tasks.ts', import.meta.url)

function open(t: TestContext, options: WorkersOptions) {
  const workers = openWorkers(options)
  t.after(() => workers.close())
  return workers
}

test('answers, refusals and faults come back as what they are', async (t) => {
  const workers = open(t, { threads: 1 })
  const bytes = new Uint8Array([1, 2, 3])
  assert.deepEqual(await workers.run(TASK, { do: 'double', bytes }, { transfer: [bytes.buffer] }), bytesOf(2, 4, 6))
  assert.equal(bytes.length, 0, 'handed over, not copied')
  await assert.rejects(
    workers.run(TASK, { do: 'refuse' }),
    (error) =>
      error instanceof DomainError &&
      error.code === 'unprocessable' &&
      error.message === 'Not like this.' &&
      error.details['at'] === 3,
  )
  await assert.rejects(workers.run(TASK, { do: 'fail' }), new TypeError('broken'))
  await assert.rejects(workers.run(new URL('nothing.ts', TASK), {}), /nothing\.ts/)
  await assert.rejects(workers.run(TASK, { do: () => 1 }), /could not be cloned/)
  assert.equal(await workers.run(TASK, { do: 'nothing' }), null)
})

const bytesOf = (...values: number[]) => new Uint8Array(values)

test('a thread that hangs, dies or fills its memory is replaced, and only its own job fails', async (t) => {
  const workers = open(t, { threads: 1, heapMb: 32 })
  const after = (first: Promise<unknown>) => Promise.allSettled([first, workers.run(TASK, { do: 'nothing' })])
  const [late, next] = await after(workers.run(TASK, { do: 'spin' }, { timeoutMs: 300 }))
  assert.ok(late.status === 'rejected' && late.reason instanceof WorkerTimeout)
  assert.equal(next.status, 'fulfilled')
  const [dead, second] = await after(workers.run(TASK, { do: 'exit' }))
  assert.deepEqual([dead.status, second.status], ['rejected', 'fulfilled'])
  const [full, third] = await after(workers.run(TASK, { do: 'hoard' }))
  assert.ok(full.status === 'rejected' && /memory/.test(String(full.reason)))
  assert.equal(third.status, 'fulfilled')
})

test('what somebody waits for goes before background work, which never takes every thread', async (t) => {
  const workers = open(t, { threads: 2 })
  const order: string[] = []
  const run = async (name: string, isBackground: boolean) => {
    await workers.run(TASK, { do: 'thread', ms: 30 }, { isBackground })
    order.push(name)
  }
  await Promise.all([
    run('b1', true),
    run('b2', true),
    run('b3', true),
    run('u1', false),
    run('u2', false),
    run('u3', false),
  ])
  assert.ok(order.indexOf('u2') < order.indexOf('b2') && order.indexOf('u3') < order.indexOf('b3'), order.join(' '))
  assert.deepEqual([...order].sort(), ['b1', 'b2', 'b3', 'u1', 'u2', 'u3'])
})

test('what nobody pays for waits behind what is paid for, one at a time, and takes turns with background work', async (t) => {
  const [free, background] = [{ isFree: true }, { isBackground: true }]
  const spans = (workers: Workers, kinds: RunOptions[]) =>
    Promise.all(kinds.map((kind) => workers.run<Span>(TASK, { do: 'span', ms: 20 }, kind)))
  const overlap = (all: Span[]) =>
    all.some((one) => all.some((other) => one !== other && other.from < one.to && one.from < other.to))
  assert.equal(overlap(await spans(open(t, { threads: 4 }), [free, free, free])), false)
  assert.equal(overlap(await spans(open(t, { threads: 2 }), [free, background, free, background])), false)

  const alone = open(t, { threads: 1 })
  const ended: string[] = []
  const queue = (name: string, options: RunOptions) =>
    alone.run(TASK, { do: 'nothing' }, options).then(() => ended.push(name))
  const running = alone.run(TASK, { do: 'thread', ms: 40 })
  await Promise.all([running, queue('b1', background), queue('f1', free), queue('b2', background), queue('paid', {})])
  assert.deepEqual(ended, ['paid', 'b1', 'f1', 'b2'])

  const full = open(t, { threads: 1, queueMax: 1, freeMax: 3 })
  const strangers = Array.from({ length: 4 }, () => full.run(TASK, { do: 'thread', ms: 20 }, free))
  await assert.rejects(full.run(TASK, { do: 'nothing' }, free), { name: 'DomainError', code: 'busy' })
  assert.equal(await full.run(TASK, { do: 'nothing' }), null)
  await Promise.all(strangers)
})

test('too many that wait, and all that come after the close, are told that we are busy', async (t) => {
  const workers = open(t, { threads: 1, queueMax: 2 })
  const isBusy = (error: unknown) => error instanceof DomainError && error.code === 'busy'
  const waiting = [1, 2, 3].map(() => workers.run(TASK, { do: 'thread', ms: 50 }))
  await assert.rejects(workers.run(TASK, { do: 'nothing' }), isBusy)
  const behind = workers.run(TASK, { do: 'nothing' }, { isBackground: true })
  await Promise.all(waiting)
  assert.equal(await behind, null)

  const cut = [workers.run(TASK, { do: 'spin' }), workers.run(TASK, { do: 'nothing' })]
  const outcomes = Promise.allSettled(cut)
  await workers.close()
  assert.ok((await outcomes).every((each) => each.status === 'rejected' && isBusy(each.reason)))
  await assert.rejects(workers.run(TASK, { do: 'nothing' }), isBusy)
})
