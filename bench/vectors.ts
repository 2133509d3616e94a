import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { openBar } from '../src/commands/progress.ts'
import { openWorkers } from '../src/lib/workers.ts'
import type { EmbedderInfo } from '../src/products/search/embedder/embedder.ts'
import { packFeatures, type PictureFeatures, type PictureQuery } from '../src/products/search/embedder/features.ts'
import { Best } from '../src/products/search/vectors/best.ts'
import { nearestVectors, SIMILAR_MAX } from '../src/products/search/vectors/find.ts'
import { openMemoryIndex } from '../src/products/search/vectors/memory-index.ts'
import { Scan } from '../src/products/search/vectors/scan.ts'
import { addPicture, createStore } from '../src/products/search/vectors/store.ts'
import { changed, type Draw, INFO, invent, inventVector, seeded } from '../test/products/search/vectors/invented.ts'

export type VectorsBench = {
  vectors: number
  dim: number
  /** Milliseconds for the nearest 2,048 of all vectors, sorted. */
  scans: { name: string; p50Ms: number; p95Ms: number }[]
  indexes: {
    pictures: number
    bytesPerPicture: number
    /** Milliseconds for a whole search in a thread, the query's features being at hand. */
    p50Ms: number
    p95Ms: number
    /** Searches whose picture came first as `same_picture`. */
    found: number
    searches: number
    /** How long writing keeps the event loop from other work at a time. */
    turnP99Ms: number
  }[]
}

/** As the embedder that comes with the program has them. */
const SHAPE: EmbedderInfo = { ...INFO, dim: 192, words: 65_280 }
const POINTS = 120
const POINTS_ASKED = 300
const WORDS_ASKED = 6
const GOAL_SCAN_MS = 25
const GOAL_BYTES = 2560
const GOAL_SEARCH_MS = 150

type Progress = (message: string) => void

/**
 * The exact scan over `vectors` beside the same in plain JavaScript, and whole searches in indexes of so many `pictures`, all
 * of them invented: vectors, hashes and 120 points each.
 */
export async function benchVectors(
  vectors: number,
  pictures: readonly number[],
  tell: Progress,
): Promise<VectorsBench> {
  const scans = benchScans(vectors, tell)
  const indexes: VectorsBench['indexes'] = []
  for (const count of pictures) indexes.push(await benchIndex(count, tell))
  return { vectors, dim: SHAPE.dim, scans, indexes }
}

function benchScans(count: number, tell: Progress): VectorsBench['scans'] {
  const { dim } = SHAPE
  const draw = seeded(1)
  const store = createStore(dim, 1)
  const floats = new Float32Array(count * dim)
  const bytes = new Int8Array(count * dim)
  const picture = invent(draw, SHAPE, 0)
  for (let each = 0; each < count; each++) {
    if (each % 50_000 === 0) tell(`inventing vectors: ${each} of ${count}`)
    const global = inventVector(draw, dim)
    bytes.set(global, each * dim)
    floats.set(global, each * dim)
    addPicture(store, { pictureId: each, productId: each, group: 0, features: { ...picture, global } }, undefined)
  }
  const scan = new Scan(store)
  const admits = new Uint8Array(count).fill(1)
  const plain = (rows: Int8Array | Float32Array) => (query: Int8Array) => {
    const best = new Best(SIMILAR_MAX)
    for (let row = 0, at = 0; row < count; row++) {
      let sum = 0
      for (let each = 0; each < dim; each++, at++) sum += query[each]! * rows[at]!
      best.offer(row, sum)
    }
    return best.rows()
  }
  const ways = [
    { name: 'ours: int8, WebAssembly SIMD', rounds: 60, run: (q: Int8Array) => nearestVectors(scan, [q], admits) },
    { name: 'plain JavaScript, int8', rounds: 8, run: plain(bytes) },
    { name: 'plain JavaScript, f32', rounds: 8, run: plain(floats) },
  ]
  const expected = ways.map(({ run }) => run(inventVector(seeded(9), dim)).join(' '))
  if (new Set(expected).size !== 1) throw new Error('the ways differ in what is nearest')
  return ways.map(({ name, rounds, run }) => {
    tell(name)
    return { name, ...quantiles(Array.from({ length: rounds }, () => timed(run, inventVector(draw, dim)))) }
  })
}

async function benchIndex(count: number, tell: Progress): Promise<VectorsBench['indexes'][number]> {
  const workers = openWorkers({ threads: 1 })
  const index = openMemoryIndex({ workers, info: SHAPE })
  const draw = seeded(2)
  const asked: { pictureId: number; features: PictureFeatures }[] = []
  const turns: number[] = []
  for (let from = 0; from < count; from += 1000) {
    tell(`writing ${count} pictures: ${from}`)
    const some = Array.from({ length: Math.min(1000, count - from) }, (_, at) => ({
      pictureId: from + at,
      features: invent(draw, SHAPE, POINTS),
    }))
    asked.push(some[0]!)
    const entries = some.map(({ pictureId, features }) => ({
      pictureId,
      productId: pictureId,
      group: 0,
      features: packFeatures(features),
    }))
    turns.push(...(await turnsMs(() => index.upsert(entries))))
  }
  const timesMs: number[] = []
  let found = 0
  for (let round = 0; round < 60; round++) {
    tell(`searching ${count} pictures: ${round} of 60`)
    const { pictureId, features } = asked[round % asked.length]!
    const query = widen(changed(features, draw, { turn: 0.3, scale: 0.8, keep: 60 }), draw)
    const beganAtMs = performance.now()
    const [first] = (await index.search(query, { groups: [0], limit: 60 })).found
    timesMs.push(performance.now() - beganAtMs)
    if (first?.pictureId === pictureId && first.match === 'same_picture') found++
  }
  await workers.close()
  const { bytes } = index.stats()
  const searched = quantiles(timesMs.slice(5))
  return {
    pictures: count,
    bytesPerPicture: bytes / count,
    ...searched,
    found,
    searches: 60,
    turnP99Ms: turns.toSorted((a, b) => a - b)[Math.floor(turns.length * 0.99)]!,
  }
}

/** The query with as many points and words as a photo's, in both passes; those added are of no picture. */
function widen(query: PictureQuery, draw: Draw): PictureQuery {
  const noise = invent(draw, SHAPE, POINTS_ASKED).points
  const frames = new Float32Array(POINTS_ASKED * 4)
  for (let at = 0; at < frames.length; at++) frames[at] = query.points.frames[at] ?? 1 + noise.frames[at]!
  const size = POINTS_ASKED * WORDS_ASKED
  const widened = (words: Uint16Array, signatures: Uint32Array) => {
    const all = {
      words: Uint16Array.from({ length: size }, () => draw(SHAPE.words)),
      signatures: new Uint32Array(size * 2),
    }
    for (let at = 0; at < size * 2; at++) all.signatures[at] = draw(2 ** 32)
    for (let point = 0; point < query.points.count; point++) {
      all.words[point * WORDS_ASKED] = words[point]!
      all.signatures.set(signatures.subarray(point * 2, point * 2 + 2), point * WORDS_ASKED * 2)
    }
    return all
  }
  const { words, signatures } = widened(query.points.words, query.points.signatures)
  const mirror = widened(query.points.mirroredWords, query.points.mirroredSignatures)
  return {
    ...query,
    // All orientations, with and without a border.
    hashes: Array.from({ length: 16 }, () => invent(draw, SHAPE, 0)),
    points: {
      count: POINTS_ASKED,
      wordsPerPoint: WORDS_ASKED,
      frames,
      words,
      signatures,
      mirroredWords: mirror.words,
      mirroredSignatures: mirror.signatures,
    },
  }
}

/** How long each turn of the event loop took while this ran. */
async function turnsMs(run: () => Promise<void>): Promise<number[]> {
  const all: number[] = []
  let lastAtMs = performance.now()
  const turn = { isLast: false }
  const take = () => {
    if (turn.isLast) return
    all.push(performance.now() - lastAtMs)
    lastAtMs = performance.now()
    setImmediate(take)
  }
  setImmediate(take)
  await run()
  turn.isLast = true
  return all
}

function timed<Input>(run: (input: Input) => unknown, input: Input): number {
  const beganAtMs = performance.now()
  run(input)
  return performance.now() - beganAtMs
}

function quantiles(timesMs: number[]): { p50Ms: number; p95Ms: number } {
  const sorted = timesMs.toSorted((a, b) => a - b)
  return { p50Ms: sorted[Math.floor(sorted.length * 0.5)]!, p95Ms: sorted[Math.floor(sorted.length * 0.95)]! }
}

export function vectorsTable({ vectors, dim, scans, indexes }: VectorsBench): string {
  const verdict = (value: number, goal: number) => (value <= goal ? 'met' : 'missed')
  const cells = (name: string, ...values: (string | number)[]) =>
    name.padEnd(34) + values.map((value) => String(value).padStart(11)).join('')
  const [ours] = scans
  return [
    `vectors: the nearest ${SIMILAR_MAX} of ${vectors} of ${dim} numbers, node ${process.version}, ${availableParallelism()} cores, one thread`,
    cells('', 'p50 ms', 'p95 ms', 'ratio'),
    ...scans.map(({ name, p50Ms, p95Ms }) =>
      cells(name, p50Ms.toFixed(1), p95Ms.toFixed(1), (p50Ms / ours!.p50Ms).toFixed(1)),
    ),
    `goal: at most ${GOAL_SCAN_MS} ms p50 for 1,000,000: ${verdict(ours!.p50Ms, GOAL_SCAN_MS)}`,
    '',
    `search: hashes, vector and points (${POINTS} kept, ${POINTS_ASKED} asked with), places compared; extraction not counted`,
    cells('pictures', 'p50 ms', 'p95 ms', 'bytes each', 'found', 'turn p99'),
    ...indexes.map(({ pictures, bytesPerPicture, p50Ms, p95Ms, found, searches, turnP99Ms }) =>
      cells(
        String(pictures),
        p50Ms.toFixed(1),
        p95Ms.toFixed(1),
        bytesPerPicture.toFixed(0),
        `${found}/${searches}`,
        turnP99Ms.toFixed(1),
      ),
    ),
    ...indexes.map(
      ({ pictures, bytesPerPicture, p50Ms }) =>
        `goals at ${pictures}: at most ${GOAL_BYTES} bytes a picture ${verdict(bytesPerPicture, GOAL_BYTES)}, ` +
        `at most ${GOAL_SEARCH_MS} ms p50 ${verdict(p50Ms, GOAL_SEARCH_MS)}`,
    ),
  ].join('\n')
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { vectors: { type: 'string', default: '1000000' }, pictures: { type: 'string', default: '11000,100000' } },
  })
  const bar = openBar('vectors', 1)
  const bench = await benchVectors(Number(values.vectors), values.pictures.split(',').map(Number), (message) =>
    bar.to(0, message),
  )
  bar.end('measured')
  console.log(vectorsTable(bench))
}
