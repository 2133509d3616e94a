import { availableParallelism } from 'node:os'
import type { ImagesBench, Milliseconds, Recall } from './images.ts'

type Goal = { measured: string; goal: string; verdict: 'met' | 'MISSED' }
type Goals = Record<string, Goal>

/** Least recall among the first one, in percent, by transform; composites among the first ten. */
const GOALS: readonly [atLeast: number, transforms: readonly string[]][] = [
  [
    99.5,
    [
      'identity',
      'jpeg30',
      'jpeg10',
      'resize25',
      'rot3',
      'bright',
      'contrast',
      'blur2',
      'noise',
      'saturate',
      'aspect125',
    ],
  ],
  [
    98,
    ['crop10', 'text', 'border', 'watermark', 'rot10', 'rot90', 'rot180', 'flip', 'dark', 'warm', 'gray', 'combo_mild'],
  ],
  [97, ['crop25', 'collage12', 'collage22']],
  [93, ['crop50', 'paste40']],
  [92, ['screenshot']],
  [85, ['combo_hard']],
]

export function printImagesBench(bench: ImagesBench): void {
  const { recalls } = bench
  console.log(
    `images: ${bench.pictures} pictures, ${recalls[0]?.queries} asked for after each of ${recalls.length} transforms, ` +
      `asset: ${bench.asset}, node ${process.version}, ${availableParallelism()} cores`,
  )
  const plain = recalls.filter((recall) => !recall.isComposite)
  console.table({
    ...Object.fromEntries(recalls.map((recall) => [recall.transform, rowOf([recall])])),
    [`mean of ${plain.length}`]: rowOf(plain),
    [`mean of ${recalls.length}`]: rowOf(recalls),
  })
  console.log(
    'Recall in percent, among the first one and the first ten. Collages and pastes show other pictures of the',
  )
  console.log('index too, so that only the first ten tell; they are not in what is said of `same_picture`.')
  console.table(goalsOf(bench, plain))
  const told = ({ p50, p95 }: Milliseconds) => `${p50.toFixed(0)} and ${p95.toFixed(0)} ms`
  console.log(
    `p50 and p95 from the encoded picture, on one thread: its features ${told(bench.extraction)}, ` +
      `what a search asks with ${told(bench.asking)}; with the search itself, in threads: ${told(bench.search)}`,
  )
}

function rowOf(recalls: readonly Recall[]): Record<string, string> {
  const told = (value: (recall: Recall) => number) => percent(recalls, value).toFixed(1)
  return {
    'ours @1': told(({ first }) => first),
    'ours @10': told(({ ten }) => ten),
    'pHash @1': told(({ hashFirst }) => hashFirst),
    'pHash @10': told(({ hashTen }) => hashTen),
    verified: told(({ verified }) => verified),
    false: told(({ falselyVerified }) => falselyVerified),
  }
}

function percent(recalls: readonly Recall[], value: (recall: Recall) => number): number {
  const sum = (of: (recall: Recall) => number) => recalls.reduce((all, recall) => all + of(recall), 0)
  return (100 * sum(value)) / sum(({ queries }) => queries)
}

function goalsOf({ recalls, extraction, search, pictures }: ImagesBench, plain: readonly Recall[]): Goals {
  const first = (of: readonly Recall[]) => percent(of, (recall) => recall.first)
  const ten = (of: readonly Recall[]) => percent(of, (recall) => recall.ten)
  const rows = GOALS.flatMap(([least, transforms]) =>
    recalls
      .filter(({ transform }) => transforms.includes(transform))
      .map((recall): [string, Goal] => {
        const { transform, isComposite } = recall
        if (isComposite) return [`${transform} @10, %`, atLeast(least, ten([recall]))]
        return [`${transform} @1, %`, atLeast(least, first([recall]))]
      }),
  )
  return {
    [`mean of ${plain.length} @1, %`]: atLeast(98, first(plain)),
    ...Object.fromEntries(rows),
    'true ones verified, %': atLeast(
      94,
      percent(plain, ({ verified }) => verified),
    ),
    'false `same_picture`, %': atMost(
      0.5,
      percent(plain, ({ falselyVerified }) => falselyVerified),
    ),
    'extraction p50, ms': atMost(60, extraction.p50),
    [`whole search of ${pictures} p50, ms`]: atMost(150, search.p50),
  }
}

function atLeast(least: number, measured: number): Goal {
  return { measured: measured.toFixed(1), goal: `at least ${least}`, verdict: measured >= least ? 'met' : 'MISSED' }
}

function atMost(most: number, measured: number): Goal {
  return { measured: measured.toFixed(1), goal: `at most ${most}`, verdict: measured <= most ? 'met' : 'MISSED' }
}
