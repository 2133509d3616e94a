import { availableParallelism } from 'node:os'
import type { ImagesBench, Recall } from './images.ts'

type Goal = { goal: string; isMet: boolean; measured: string }

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

function goalsOf(
  { recalls, extraction, search, pictures, bytesPerPicture }: ImagesBench,
  plain: readonly Recall[],
): Goal[] {
  const atLeast = (name: string, least: number, measured: number): Goal => {
    return { goal: `${name} at least ${least} %`, isMet: measured >= least, measured: measured.toFixed(1) }
  }
  const atMost = (name: string, most: number, unit: string, measured: number): Goal => {
    return { goal: `${name} at most ${most} ${unit}`, isMet: measured <= most, measured: measured.toFixed(1) }
  }
  const rows = GOALS.flatMap(([least, transforms]) =>
    recalls
      .filter(({ transform }) => transforms.includes(transform))
      .map((recall) =>
        recall.isComposite
          ? atLeast(
              `${recall.transform} @10`,
              least,
              percent([recall], ({ ten }) => ten),
            )
          : atLeast(
              `${recall.transform} @1`,
              least,
              percent([recall], ({ first }) => first),
            ),
      ),
  )
  return [
    atLeast(
      `mean of ${plain.length} @1`,
      98,
      percent(plain, ({ first }) => first),
    ),
    ...rows,
    atLeast(
      'true ones verified',
      94,
      percent(plain, ({ verified }) => verified),
    ),
    atMost(
      'false `same_picture`',
      0.5,
      '%',
      percent(plain, ({ falselyVerified }) => falselyVerified),
    ),
    atMost('extraction p50', 60, 'ms', extraction.p50),
    atMost(`whole search p50 in ${pictures} pictures`, 150, 'ms', search.p50),
    atMost('memory a picture', 2_560, 'bytes', bytesPerPicture),
  ]
}
