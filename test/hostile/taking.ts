import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { noisy } from '../products/media/pictures.ts'
import type { Taken } from './picture-taker.ts'

const CPU_MS_MAX = 2_000
const RSS_MB_MAX = 200

type Way = 'takeIn' | 'raster'
export type Row = { name: string; make: () => Promise<Buffer> | Buffer; becomes: string | RegExp }

export const refused = (reason: string) => `DomainError: The picture ${reason}.`
export const KIND = refused('is not a JPEG, PNG, WebP or AVIF file')
export const BROKEN = refused('is damaged or cut short')
export const MOVING = refused('is animated; send a still picture')
export const MORE = refused('carries other data behind its end')
export const MEGAPIXELS = refused('has more than 40 megapixels')
export const tooMany = (megapixels: number) =>
  refused(`has more than the ${megapixels} megapixels that can be decoded of its kind; send it as a plain JPEG`)
export const TAKEN = /^\d+ × \d+$/

/** A process that takes one picture after another. */
async function taker(t: TestContext): Promise<(way: Way, bytes: Buffer) => Promise<Taken>> {
  const child = fork(new URL('picture-taker.ts', import.meta.url), { serialization: 'advanced' })
  t.after(() => child.kill())
  const take = async (way: Way, bytes: Buffer) => {
    child.send({ way, bytes })
    const [taken] = (await once(child, 'message', { signal: AbortSignal.timeout(60_000) })) as [Taken]
    return taken
  }
  // What is loaded once is not the first picture's.
  for (const way of ['takeIn', 'raster'] as const) await take(way, await noisy(600, 600).png().toBuffer())
  return take
}

/** Takes each in a process of its own, both ways, and finds what took too much or became something else. */
export async function takeAll(t: TestContext, rows: Row[]): Promise<void> {
  const take = await taker(t)
  const faults: string[] = []
  for (const { name, make, becomes } of rows) {
    const bytes = await make()
    for (const way of ['takeIn', 'raster'] as const) {
      const { outcome, cpuMs, wallMs, rssMb } = await take(way, bytes)
      const told = `${name}, ${way}: ${cpuMs} ms (${wallMs} by the clock), ${rssMb} MB: ${outcome}`
      t.diagnostic(told)
      const isExpected = typeof becomes === 'string' ? outcome === becomes : becomes.test(outcome)
      if (!isExpected || cpuMs >= CPU_MS_MAX || rssMb >= RSS_MB_MAX) faults.push(told)
    }
  }
  assert.deepEqual(faults, [])
}
