import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Evidence, judge, likenessOf } from '../../../../src/products/search/vectors/verdict.ts'
import { INFO, seeded } from './invented.ts'

const NOTHING: Evidence = {
  inliers: 0,
  spread: 0,
  hashDistance: 128,
  cosine: 0,
  isDetailed: true,
  edges: 128,
  moved: 1,
}
const matchOf = (evidence: Partial<Evidence>) => judge({ ...NOTHING, ...evidence }, INFO)?.match ?? null

const CASES: [what: string, evidence: Partial<Evidence>, match: string | null][] = [
  ['nothing in common', {}, null],
  ['as alike as one in ten random pairs', { cosine: 0.2 }, 'similar'],
  ['a little less', { cosine: 0.19 }, null],
  ['seven points that are spread', { inliers: 7, spread: 0.32 }, 'same_picture'],
  ['seven points that are less so', { inliers: 7, spread: 0.31 }, 'possible'],
  ['more points that are less so', { inliers: 15, spread: 0.15 }, 'same_picture'],
  ['six points all over', { inliers: 6, spread: 1 }, 'possible'],
  ['a badge that both bear', { inliers: 40, spread: 0.14 }, 'possible'],
  ['some points', { inliers: 5, spread: 0.5 }, 'possible'],
  ['few points', { inliers: 4, spread: 0.5 }, 'similar'],
  ['few points in what is else unlike', { inliers: 1, cosine: -0.5 }, null],
  ['the hashes and the colours of the same picture', { hashDistance: 24, cosine: 0.97 }, 'same_picture'],
  ['hashes a little farther apart', { hashDistance: 25, cosine: 0.97 }, 'possible'],
  ['the hashes of the same picture in other colours', { hashDistance: 0, cosine: 0.9 }, 'possible'],
  ['hashes half as near', { hashDistance: 48 }, 'possible'],
  ['hashes of another one', { hashDistance: 49 }, null],
  ['goods on white, all but equal', { hashDistance: 8, cosine: 1, edges: 32 }, 'same_picture'],
  ['goods of one cut on white', { hashDistance: 9, cosine: 1, edges: 32 }, 'possible'],
  ['goods on white that differ', { hashDistance: 17, cosine: 1, edges: 32 }, 'similar'],
  ['an outline in other colours, framed alike', { inliers: 37, spread: 0.8, moved: 0.15, cosine: 0.2 }, 'possible'],
  ['all of a picture, turned gray', { inliers: 38, spread: 0.8, moved: 0.15, cosine: 0.2 }, 'same_picture'],
  ['an outline on white', { inliers: 23, spread: 0.8, moved: 0, cosine: 1, edges: 32 }, 'possible'],
  ['nearly all points of goods on white', { inliers: 24, spread: 0.8, moved: 0, cosine: 1, edges: 32 }, 'same_picture'],
  ['few points, framed alike, in the same colours', { inliers: 8, spread: 0.8, moved: 0, cosine: 1 }, 'same_picture'],
  ['an outline in other colours, of a part', { inliers: 37, spread: 0.8, moved: 0.16, cosine: 0.2 }, 'same_picture'],
  ['a blank picture, whatever else', { inliers: 50, spread: 1, hashDistance: 0, isDetailed: false }, null],
  ['a blank picture of a like colour', { cosine: 1, hashDistance: 0, isDetailed: false }, 'similar'],
]
for (const [what, evidence, match] of CASES) {
  test(`${what}: ${match}`, () => assert.equal(matchOf(evidence), match))
}

test('a stronger kind of match scores higher whatever the evidence, and more evidence never lowers a score', () => {
  const draw = seeded(1)
  const kinds = { similar: [0, 0.49], possible: [0.5, 0.74], same_picture: [0.75, 1] } as const
  const some = (): Evidence => ({
    inliers: draw(30),
    spread: draw(100) / 100,
    hashDistance: draw(140),
    cosine: draw(2000) / 1000 - 1,
    isDetailed: draw(4) > 0,
    edges: draw(128),
    moved: draw(30) / 100,
  })
  const seen = new Set<string>()
  for (let round = 0; round < 20_000; round++) {
    const evidence = some()
    const verdict = judge(evidence, INFO)
    seen.add(verdict?.match ?? 'none')
    if (verdict) {
      const [from, to] = kinds[verdict.match]
      assert.ok(verdict.score >= from && verdict.score <= to, JSON.stringify({ evidence, verdict }))
    }
    const more = {
      inliers: evidence.inliers + draw(3),
      spread: Math.min(1, evidence.spread + draw(10) / 100),
      hashDistance: Math.max(0, evidence.hashDistance - draw(10)),
      cosine: Math.min(1, evidence.cosine + draw(100) / 1000),
      isDetailed: evidence.isDetailed,
      edges: evidence.edges + draw(10),
      moved: evidence.moved,
    }
    assert.ok((judge(more, INFO)?.score ?? 0) >= (verdict?.score ?? 0), JSON.stringify({ evidence, more }))
  }
  assert.deepEqual([...seen].sort(), ['none', 'possible', 'same_picture', 'similar'])
})

test('likeness is 0 at the floor, 1 for equal vectors, and the same whatever the cosines that were learnt', () => {
  const rounded = (cosine: number, info = INFO) => Math.round(likenessOf(cosine, info) * 1e6) / 1e6
  assert.deepEqual(
    [0.2, 0.35, 0.5, 0.7, 1].map((cosine) => rounded(cosine)),
    [0, 0.25, 0.5, 0.75, 1],
  )
  assert.ok(rounded(-1) < 0 && rounded(0.1) < 0)
  const other = { ...INFO, cosines: INFO.cosines.map(([share, cosine]) => [share, cosine / 2 + 0.4] as const) }
  assert.deepEqual(
    [0.5, 0.575, 0.65, 0.75, 1].map((cosine) => rounded(cosine, other)),
    [0, 0.25, 0.5, 0.75, 1],
  )
})
