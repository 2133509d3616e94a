import { existsSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { CnLink, detectAgent } from 'cn-links'
import { extractLinks } from '../src/products/links/extract.ts'
import { parseLink } from '../src/products/links/parse.ts'
import { ROWS } from '../test/products/links/fixtures/rows.ts'
import { isDisputed, judge } from '../test/products/links/judge.ts'
import type { Answer, Row, Verdict } from '../test/products/links/judge.ts'

export type LinksBench = {
  corpus: string
  rows: number
  /** Rows whose expectation is not ours, left out of the counts of both. */
  disputed: number
  readers: { name: string; right: number; wrong: number; unanswered: number; linksPerSecond: number }[]
  /** Ours divided by the peer's, median of the rounds. */
  throughputRatio: number
  /** Time for four times the text divided by time for the text: 4 is linear, 16 quadratic. */
  hostile: { name: string; reader: string; nanosecondsPerChar: number; growth: number }[]
}

type Reader = { name: string; read(url: string): void; answer(row: Row): Answer }

const NOTHING: Answer = { type: 'none', marketplace: null, listingId: null, agent: null }

const OURS: Reader = {
  name: 'openhaul',
  read: (url) => void parseLink(url),
  answer: (row) => parseLink(row.url),
}

const PEER: Reader = {
  name: 'cn-links',
  read: (url) => void CnLink.safeInstantiate(url),
  answer(row) {
    const result = CnLink.safeInstantiate(row.url)
    if (!result.success || result.data.type !== 'item') {
      // It has no word for short links: saying nothing of one is taken as right.
      return row.type === 'short'
        ? { ...NOTHING, type: 'short', marketplace: row.marketplace, agent: row.agent }
        : NOTHING
    }
    const { marketplace, id } = result.data
    return { type: 'item', marketplace, listingId: id, agent: detectAgent(row.url) ?? null }
  },
}

/** Rows right, wrong and unanswered of both readers, their speed in rounds taken by turns, and hostile input. */
export function benchLinks({ rounds = 15, roundMs = 120 } = {}): LinksBench {
  const { corpus, rows } = readCorpus()
  const silenced = console.error
  // The peer prints a trace for some links; printing is not what is measured.
  console.error = () => {}
  try {
    const urls = rows.map((row) => row.url)
    const judged = rows.filter((row) => !isDisputed(row))
    const speeds = measure([OURS, PEER], urls, rounds, roundMs)
    const ratios = speeds[0]!.map((ours, round) => ours / speeds[1]![round]!)
    const readers = [OURS, PEER].map((reader, at) => ({
      name: reader.name,
      ...count(judged, reader),
      linksPerSecond: Math.round(median(speeds[at]!)),
    }))
    return {
      corpus,
      rows: rows.length,
      disputed: rows.length - judged.length,
      readers,
      throughputRatio: median(ratios),
      hostile: measureHostile(),
    }
  } finally {
    console.error = silenced
  }
}

function readCorpus(): { corpus: string; rows: readonly Row[] } {
  const shared = new URL('../../shared/links/corpus.jsonl', import.meta.url)
  if (!existsSync(shared)) return { corpus: 'our own cases', rows: ROWS }
  const lines = readFileSync(shared, 'utf8').trim().split('\n')
  return { corpus: 'the shared corpus', rows: lines.map((line) => JSON.parse(line) as Row) }
}

function count(rows: readonly Row[], reader: Reader): Record<Verdict, number> {
  const tally: Record<Verdict, number> = { right: 0, wrong: 0, unanswered: 0 }
  for (const row of rows) tally[judge(row, reader.answer(row))] += 1
  return tally
}

/** Links a second, by reader and round. The order turns with every round, so that neither always goes first. */
function measure(readers: readonly Reader[], urls: readonly string[], rounds: number, roundMs: number): number[][] {
  const speeds: number[][] = readers.map(() => [])
  for (let round = -1; round < rounds; round += 1) {
    const order = round % 2 === 0 ? readers : readers.toReversed()
    for (const reader of order) {
      const speed = speedOf(reader, urls, roundMs)
      // The first round warms both up.
      if (round >= 0) speeds[readers.indexOf(reader)]!.push(speed)
    }
  }
  return speeds
}

function speedOf(reader: Reader, urls: readonly string[], roundMs: number): number {
  const start = performance.now()
  let done = 0
  let elapsedMs = 0
  while (elapsedMs < roundMs) {
    for (const url of urls) reader.read(url)
    done += urls.length
    elapsedMs = performance.now() - start
  }
  return (done / elapsedMs) * 1_000
}

/** Pieces that, repeated, lead careless expressions and loops to look at the same characters again and again. */
const HOSTILE: readonly [name: string, head: string, piece: string][] = [
  ['letters', '', 'a'],
  ['labels of a host', '', 'a.'],
  ['starts of addresses', '', 'https://'],
  ['encoded starts', '', 'https%253A%252F%252F'],
  ['parameters', 'https://item.taobao.com/item.htm?', 'a=1&'],
  ['ids', 'https://item.taobao.com/item.htm?', 'id=1&'],
  ['wrapped addresses', 'https://www.kakobuy.com/item/details?', 'url=https%3A%2F%2Fweidian.com&'],
  ['agents in agents', '', 'https://www.kakobuy.com/item/details?url='],
  ['percent signs', 'https://www.kakobuy.com/item/details?url=', '%25'],
  ['entities', 'https://item.taobao.com/item.htm?', '&amp;amp;'],
  ['slashes', 'https://item.taobao.com', '/'],
  ['angle brackets', '', '<a'],
  ['marks of a sentence', 'https://weidian.com/item.html?itemID=7', ')'],
  ['Chinese between addresses', '', '看weidian.com'],
  ['split hosts', '', 'https://a '],
]

function measureHostile(): LinksBench['hostile'] {
  const results: LinksBench['hostile'] = []
  for (const [name, head, piece] of HOSTILE) {
    for (const [reader, read, size] of [
      ['parse', parseLink, 4_096],
      ['extract', extractLinks, 65_536],
    ] as const) {
      const text = (length: number) => head + piece.repeat(Math.floor((length - head.length) / piece.length))
      const smallMs = bestMs(() => read(text(size)))
      const largeMs = bestMs(() => read(text(size * 4)))
      results.push({ name, reader, nanosecondsPerChar: (largeMs * 1e6) / (size * 4), growth: largeMs / smallMs })
    }
  }
  return results
}

/** The shortest of several runs, which is the one that nothing else disturbed. */
function bestMs(run: () => void): number {
  let best = Infinity
  for (let each = 0; each < 12; each += 1) {
    const start = performance.now()
    run()
    best = Math.min(best, performance.now() - start)
  }
  return best
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}

export function printLinksBench(bench: LinksBench): void {
  console.log(
    `links: ${bench.corpus}, ${bench.rows} rows (${bench.disputed} disputed, not counted), node ${process.version}, ${availableParallelism()} cores`,
  )
  console.table(
    Object.fromEntries(
      bench.readers.map(({ name, right, wrong, unanswered, linksPerSecond }) => [
        name,
        { right, wrong, unanswered, 'links/s': linksPerSecond },
      ]),
    ),
  )
  console.log(`throughput ratio ${bench.throughputRatio.toFixed(1)} (goal: at least 5)`)
  const slowest = bench.hostile.toSorted((a, b) => b.nanosecondsPerChar - a.nanosecondsPerChar)[0]!
  const steepest = bench.hostile.toSorted((a, b) => b.growth - a.growth)[0]!
  console.log(
    `hostile input: at most ${slowest.nanosecondsPerChar.toFixed(0)} ns a character (${slowest.reader}, ${slowest.name}); ` +
      `four times the text takes at most ${steepest.growth.toFixed(1)} times as long (${steepest.reader}, ${steepest.name})`,
  )
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { json: { type: 'boolean' }, hostile: { type: 'boolean' } } })
  const bench = benchLinks()
  if (values.json) console.log(JSON.stringify(bench))
  else printLinksBench(bench)
  if (values.hostile) console.table(bench.hostile)
}
