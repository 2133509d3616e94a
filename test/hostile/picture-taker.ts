import { openWorkers } from '../../src/lib/workers.ts'
import { decodeRaster } from '../../src/products/media/raster.ts'
import { takeIn } from '../../src/products/media/media.ts'

// A process of its own, so that what it uses is not mixed with what making the pictures took.

/** What became of a picture, and what that took of the whole process. */
export type Taken = { outcome: string; cpuMs: number; wallMs: number; rssMb: number }

const workers = openWorkers({ threads: 1 })
const blobs = { get: async () => null, put: async () => {}, delete: async () => {}, list: () => assertNever() }
function assertNever(): never {
  throw new Error('lists nothing')
}

/** Both ways in which a picture from outside is decoded. */
const WAYS = {
  takeIn: (bytes: Buffer) => takeIn({ workers, blobs }, bytes),
  raster: (bytes: Buffer) => decodeRaster(bytes),
}

async function measured(work: () => Promise<{ width: number; height: number }>): Promise<Taken> {
  const rssBefore = process.memoryUsage.rss()
  let rssMost = rssBefore
  const watch = setInterval(() => (rssMost = Math.max(rssMost, process.memoryUsage.rss())), 2)
  const cpuBefore = process.cpuUsage()
  const startedMs = performance.now()
  const outcome = await work().then(
    ({ width, height }) => `${width} × ${height}`,
    (error: Error) => `${error.name}: ${error.message}`,
  )
  clearInterval(watch)
  const { user, system } = process.cpuUsage(cpuBefore)
  return {
    outcome,
    cpuMs: Math.round((user + system) / 1_000),
    wallMs: Math.round(performance.now() - startedMs),
    rssMb: Math.round((Math.max(rssMost, process.memoryUsage.rss()) - rssBefore) / 1_048_576),
  }
}

process.on('message', async ({ way, bytes }: { way: keyof typeof WAYS; bytes: Uint8Array }) => {
  const picture = Buffer.from(bytes)
  process.send!(await measured(() => WAYS[way](picture)))
})
