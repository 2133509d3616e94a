import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { openBar } from '../src/commands/progress.ts'
import { openWorkers, type Workers } from '../src/lib/workers.ts'
import { decodeRaster, type Raster } from '../src/products/media/raster.ts'
import { openClassic } from '../src/products/search/embedder/embedder.ts'
import { type PictureQuery, unpackFeatures } from '../src/products/search/embedder/features.ts'
import { learn } from '../src/products/search/embedder/learn.ts'
import { openEmbedding } from '../src/products/search/embedding.ts'
import type { Embedding } from '../src/products/search/node.ts'
import { openMemoryIndex } from '../src/products/search/vectors/memory-index.ts'
import type { IndexEntry, VectorIndex } from '../src/products/search/vectors/vector-index.ts'
import type { DistractorOrder } from './images-distractors.ts'
import { printImagesBench } from './images-report.ts'
import { isComposite, openSample, type Sample } from './images-sample.ts'

export type Recall = {
  transform: string
  isComposite: boolean
  queries: number
  /** Queries whose picture came first, and among the first ten. */
  first: number
  ten: number
  hashFirst: number
  hashTen: number
  /** Queries whose picture came as `same_picture`; those that have such an answer when it is taken out of the index. */
  verified: number
  falselyVerified: number
}
export type Milliseconds = { p50: number; p95: number }
export type ImagesBench = {
  asset: string
  pictures: number
  recalls: Recall[]
  /** On one thread, from the encoded picture: its features, and what is asked with. */
  extraction: Milliseconds
  asking: Milliseconds
  /** From the encoded picture to the answer, one after another. */
  search: Milliseconds
}

type Options = { queries: number; distractors: number; learnHalf: boolean; seed: number }
type Setting = { sample: Sample; workers: Workers; embedding: Embedding; index: VectorIndex; hashes: Uint8Array[] }

const DEFAULT_ASSET = new URL('../src/products/search/embedder/classic-v1.bin', import.meta.url)
const DISTRACTORS = new URL('images-distractors.ts', import.meta.url)
const GROUP = 0
const TEN = 10

/**
 * How well pictures are found that were made from others, by the product's own embedder and index, beside pHash-256. With
 * `learnHalf` the asset is learnt from the sample's first half, and only pictures of the second are asked for.
 */
export async function benchImages(sample: Sample, options: Options): Promise<ImagesBench> {
  const half = Math.ceil(sample.files.length / 2)
  const asset = options.learnHalf
    ? await learnFrom(sample, sample.files.slice(0, half))
    : new Uint8Array(readFileSync(DEFAULT_ASSET))
  const workers = openWorkers({ threads: availableParallelism(), queueMax: Infinity })
  try {
    const embedding = openEmbedding(workers, asset)
    const index = openMemoryIndex({ workers, info: embedding.info })
    const hashes = await fillIndex(sample, embedding, index)
    await addDistractors(workers, asset, index, options.distractors, hashes)
    const setting = { sample, workers, embedding, index, hashes }
    const files = options.learnHalf ? sample.files.slice(half) : sample.files
    const asked = shuffled(files, options.seed).slice(0, options.queries)
    return {
      asset: options.learnHalf
        ? `learnt from ${half} pictures of the sample`
        : 'the default one, learnt from drawn pictures',
      pictures: index.stats().pictures,
      recalls: await measureRecall(setting, asked),
      ...(await measureTimes(setting, asset, asked)),
    }
  } finally {
    await workers.close()
  }
}

/** Each picture also mirrored, since learning takes more than half of a small sample. */
async function learnFrom(sample: Sample, files: readonly string[]): Promise<Uint8Array> {
  const bar = openBar('learning', files.length * 2)
  async function* pictures(): AsyncGenerator<Raster> {
    for (const file of files) {
      const picture = await decodeRaster(sample.read(file))
      yield picture
      yield mirrored(picture)
    }
  }
  const asset = await learn(pictures(), { onProgress: (step, done) => bar.to(done, `learning: ${step}`) })
  bar.end('learnt')
  return asset
}

function mirrored({ width, height, rgb }: Raster): Raster {
  const other = new Uint8Array(rgb.length)
  for (let at = 0; at < width * height; at++) {
    const from = (at - (at % width) + width - 1 - (at % width)) * 3
    other.set(rgb.subarray(from, from + 3), at * 3)
  }
  return { width, height, rgb: other }
}

async function fillIndex(sample: Sample, embedding: Embedding, index: VectorIndex): Promise<Uint8Array[]> {
  const bar = openBar('embedding the sample', sample.files.length)
  let done = 0
  const packed = await Promise.all(
    sample.files.map(async (file) => {
      const features = await embedding.embed(sample.read(file))
      bar.to(++done, `embedding the sample: ${sample.files.length} pictures`)
      return features
    }),
  )
  await index.upsert(packed.map((features, at) => entryOf(at, features)))
  bar.end(`embedded ${sample.files.length} pictures`)
  return packed.map((features) => unpackFeatures(features).pHash)
}

const entryOf = (id: number, features: Uint8Array): IndexEntry => ({
  pictureId: id,
  productId: id,
  group: GROUP,
  features,
})

const BATCH = 10

async function addDistractors(
  workers: Workers,
  asset: Uint8Array,
  index: VectorIndex,
  count: number,
  hashes: Uint8Array[],
) {
  const bar = openBar('drawing distractors', count)
  const batches = Array.from({ length: Math.ceil(count / BATCH) }, (_, at) => at)
  const add = async (batch: number) => {
    // Seeds far from those that the default asset is learnt from.
    const order: DistractorOrder = { asset, seed: 1_000 + batch, count: BATCH }
    const drawn = await workers.run<Uint8Array[]>(DISTRACTORS, order)
    const entries = drawn.map((features, at) => entryOf(hashes.length + at, features))
    hashes.push(...drawn.map((features) => unpackFeatures(features).pHash))
    await index.upsert(entries)
    bar.to((batch + 1) * BATCH, `drawing distractors: ${count} pictures`)
  }
  await Promise.all(batches.map(add))
  bar.end(`drew ${count} distractors`)
}

async function measureRecall(setting: Setting, asked: readonly string[]): Promise<Recall[]> {
  const { transforms, files } = setting.sample
  const bar = openBar('searching', transforms.length * asked.length)
  const recalls: Recall[] = []
  let done = 0
  for (const transform of transforms) {
    const none = { first: 0, ten: 0, hashFirst: 0, hashTen: 0, verified: 0, falselyVerified: 0 }
    const recall: Recall = { transform, isComposite: isComposite(transform), queries: asked.length, ...none }
    await Promise.all(
      asked.map(async (file) => {
        await ask(setting, recall, file, files.indexOf(file))
        bar.to(++done, `searching: ${transform}`)
      }),
    )
    recalls.push(recall)
  }
  bar.end(`searched ${done} times`)
  return recalls
}

async function ask(
  { sample, embedding, index, hashes }: Setting,
  recall: Recall,
  file: string,
  id: number,
): Promise<void> {
  const query = await embedding.embedQuery(await sample.transform(file, recall.transform))
  const options = { groups: [GROUP], limit: TEN }
  const { found } = await index.search(query, options)
  const others = await index.search(query, { ...options, except: id })
  const place = found.findIndex(({ productId }) => productId === id)
  const hashPlace = placeByHash(query, hashes, id)
  if (place === 0) recall.first++
  if (place !== -1) recall.ten++
  if (hashPlace === 0) recall.hashFirst++
  if (hashPlace < TEN) recall.hashTen++
  if (found[place]?.match === 'same_picture') recall.verified++
  if (others.found[0]?.match === 'same_picture') recall.falselyVerified++
}

/** How many pictures have a pHash at least as near as the true one's. */
function placeByHash({ hashes: [asked] }: PictureQuery, hashes: readonly Uint8Array[], id: number): number {
  const distances = hashes.map((hash) => hash.reduce((sum, byte, at) => sum + bits(byte ^ asked!.pHash[at]!), 0))
  return distances.filter((distance, at) => at !== id && distance <= distances[id]!).length
}

const bits = (byte: number): number => byte.toString(2).replaceAll('0', '').length

async function measureTimes({ sample, embedding, index }: Setting, asset: Uint8Array, asked: readonly string[]) {
  const bar = openBar('measuring times', asked.length)
  const embedder = openClassic(asset)
  const extraction: number[] = []
  const asking: number[] = []
  const search: number[] = []
  for (const [at, file] of asked.entries()) {
    const bytes = sample.read(file)
    const turned = await sample.transform(file, 'rot10')
    extraction.push(await timed(async () => embedder.embed(await decodeRaster(bytes))))
    asking.push(await timed(async () => embedder.embedQuery(await decodeRaster(turned))))
    search.push(
      await timed(async () => index.search(await embedding.embedQuery(turned), { groups: [GROUP], limit: TEN })),
    )
    bar.to(at + 1, 'measuring times')
  }
  bar.end('measured times')
  return { extraction: spreadOf(extraction), asking: spreadOf(asking), search: spreadOf(search) }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const beganAt = performance.now()
  await work()
  return performance.now() - beganAt
}

function spreadOf(times: number[]): Milliseconds {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN
  return { p50: at(0.5), p95: at(0.95) }
}

/** The same order for the same seed: by a number that each name and the seed give. */
function shuffled(files: readonly string[], seed: number): string[] {
  const keyed = files.map((file) => ({ file, key: hash(`${seed} ${file}`) }))
  return keyed.sort((a, b) => a.key - b.key).map(({ file }) => file)
}

function hash(text: string): number {
  let value = 0x811c9dc5
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193)
  return (value ^ (value >>> 15)) >>> 0
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      pictures: { type: 'string', default: fileURLToPath(new URL('../../shared/images', import.meta.url)) },
      queries: { type: 'string', default: '60' },
      distractors: { type: 'string', default: '1000' },
      seed: { type: 'string', default: '1' },
      'learn-half': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  })
  const sample = await openSample(values.pictures)
  if (sample) {
    const numbers = {
      queries: Number(values.queries),
      distractors: Number(values.distractors),
      seed: Number(values.seed),
    }
    const bench = await benchImages(sample, { ...numbers, learnHalf: values['learn-half'] })
    sample.close()
    if (values.json) console.log(JSON.stringify(bench))
    else printImagesBench(bench)
  } else {
    console.error(
      `images: no labels.csv and transforms.ts in ${values.pictures}; name a folder that has them by --pictures`,
    )
    process.exitCode = 1
  }
}
