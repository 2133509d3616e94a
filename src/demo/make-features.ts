import { rename, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { availableParallelism } from 'node:os'
import { openBar } from '../commands/progress.ts'
import { fileBlobs } from '../lib/blobs.ts'
import { openWorkers } from '../lib/workers.ts'
import { readPicture } from '../products/media/media.ts'
import { openEmbedding } from '../products/search/embedding.ts'
import { defaultAsset } from '../products/search/spaces.ts'
import { demoListings } from './catalogue.ts'
import { drawDemo } from './draw.ts'
import { FEATURES_FILE, printDemoFeatures } from './features.ts'

/** Drawings are the same for the same name, so that only what the embedder makes of them is made again. */
const DRAWN = fileURLToPath(new URL('../../node_modules/.cache/openhaul/demo', import.meta.url))

/** Draws every picture of the demo and writes what the default embedder makes of it into `features.bin`. */
export async function makeDemoFeatures(): Promise<void> {
  const workers = openWorkers({ threads: availableParallelism() })
  const embedding = openEmbedding(workers, await defaultAsset())
  const ctx = { blobs: fileBlobs(DRAWN), draw: drawDemo(workers), workers } as Parameters<typeof readPicture>[0]
  const paths = demoListings().flatMap(({ images, qcPhotos }) => [...images, ...qcPhotos])
  const made = new Map<string, Buffer>()
  const bar = openBar('Demo pictures', paths.length)
  let next = 0
  const work = async () => {
    while (next < paths.length) {
      const path = paths[next++]!
      made.set(path, await embedding.embed(await readPicture(ctx, path)))
      bar.to(made.size, `${Math.floor(made.size / 100) * 100} of ${paths.length}`)
    }
  }
  await Promise.all(Array.from({ length: workers.threads + 1 }, work))
  await workers.close()
  // In the order of the catalogue, so that the file is the same whichever was ready first.
  const features = new Map(paths.map((path) => [path, made.get(path)!]))
  const bytes = printDemoFeatures({ fingerprint: embedding.info.fingerprint, features })
  const file = fileURLToPath(FEATURES_FILE)
  await writeFile(`${file}.part`, bytes)
  await rename(`${file}.part`, file)
  bar.end(`${features.size} pictures, ${bytes.length} bytes`)
}
