import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { DomainError } from '../../../../src/lib/errors.ts'
import { openWorkers, type WorkersOptions } from '../../../../src/lib/workers.ts'
import type { EmbedderInfo } from '../../../../src/products/search/embedder/embedder.ts'
import { packFeatures, type PictureFeatures } from '../../../../src/products/search/embedder/features.ts'
import { openMemoryIndex } from '../../../../src/products/search/vectors/memory-index.ts'
import type { IndexEntry } from '../../../../src/products/search/vectors/vector-index.ts'
import { changed, INFO, invent, queryOf, seeded } from './invented.ts'

function open(t: TestContext, options: WorkersOptions = { threads: 1 }) {
  const workers = openWorkers(options)
  t.after(() => workers.close())
  return openMemoryIndex({ workers, info: INFO })
}

const entry = (pictureId: number, features: PictureFeatures, more: Partial<IndexEntry> = {}): IndexEntry => ({
  pictureId,
  productId: pictureId * 10,
  group: 0,
  features: packFeatures(features),
  ...more,
})
const ALL = { groups: [0, 1, 2], limit: 1000 }
/** `product/picture match` of each. */
const brief = ({ found }: { found: { productId: number; pictureId: number; match: string }[] }) =>
  found.map(({ productId, pictureId, match }) => `${productId}/${pictureId} ${match}`)

test('a picture is found by itself and by what was made of it, with what it rests on', async (t) => {
  const index = open(t)
  const draw = seeded(1)
  const pictures = Array.from({ length: 300 }, () => invent(draw))
  await index.upsert(pictures.map((features, at) => entry(at + 1, features)))

  const [itself] = (await index.search(queryOf(pictures[41]!), ALL)).found
  assert.ok(itself && itself.evidence.spread > 0.3)
  assert.deepEqual(
    { ...itself, evidence: { ...itself.evidence, spread: 0 } },
    {
      productId: 420,
      pictureId: 42,
      match: 'same_picture',
      score: 1,
      evidence: { inliers: 60, spread: 0, hashDistance: 0, cosine: 1 },
    },
  )
  for (const change of [{ turn: 1.2 }, { scale: 0.5 }, { mirror: true, turn: 0.4 }, { keep: 12, shiftX: 60 }]) {
    const { found } = await index.search(changed(pictures[41]!, draw, change), ALL)
    assert.equal(brief({ found })[0], '420/42 same_picture', JSON.stringify(change))
    assert.deepEqual(new Set(found.slice(1).map(({ match }) => match)), new Set(['similar']))
  }
  const some = await index.search(changed(pictures[41]!, draw, { keep: 6 }), ALL)
  assert.equal(brief(some)[0], '420/42 possible')
  const nothing = brief(await index.search(queryOf(invent(draw)), ALL))
  assert.ok(nothing.length > 0 && nothing.every((each) => each.endsWith('similar')))
})

test('groups, the product left out, the limit, and the total', async (t) => {
  const index = open(t)
  const draw = seeded(2)
  const picture = invent(draw)
  // Of product 1 two pictures, the second of which is the one asked with.
  await index.upsert([
    entry(1, { ...invent(draw), global: picture.global }, { productId: 1, group: 1 }),
    entry(2, picture, { productId: 1, group: 1 }),
    entry(3, picture, { productId: 2, group: 2 }),
    entry(4, picture, { productId: 3, group: 15 }),
  ])
  const search = async (options: Partial<typeof ALL> & { except?: number }) => {
    const answer = await index.search(queryOf(picture), { ...ALL, ...options })
    return [...brief(answer), answer.total]
  }
  assert.deepEqual(await search({}), ['1/2 same_picture', '2/3 same_picture', 2])
  assert.deepEqual(await search({ limit: 1 }), ['1/2 same_picture', 2])
  assert.deepEqual(await search({ groups: [15, 2] }), ['2/3 same_picture', '3/4 same_picture', 2])
  assert.deepEqual(await search({ except: 1 }), ['2/3 same_picture', 1])
  assert.deepEqual(await search({ groups: [] }), [0])
})

test('what is put in again is replaced, and what is removed is gone; both many times over', async (t) => {
  const index = open(t)
  const draw = seeded(3)
  const [first, second] = [invent(draw), invent(draw)]
  const find = async (features: PictureFeatures) =>
    brief(await index.search(queryOf(features), ALL)).filter((each) => !each.endsWith('similar'))
  await index.upsert([entry(1, first), entry(2, invent(draw))])
  await index.upsert([entry(1, second, { productId: 99 })])
  assert.deepEqual([await find(first), await find(second)], [[], ['99/1 same_picture']])
  await index.remove([1, 1, 77])
  assert.deepEqual([await find(second), index.stats().pictures], [[], 1])

  // What is replaced or removed leaves its room unused.
  const kept = Array.from({ length: 40 }, (_, at) => entry(at + 10, invent(draw)))
  for (let round = 0; round < 5; round++) await index.upsert(kept)
  await index.remove([2, 10])
  assert.deepEqual({ ...index.stats(), bytes: 0 }, { pictures: 39, removed: 3 + 160 + 1, bytes: 0 })
})

test('equal pictures come in the order of their products, and the same question has the same answer', async (t) => {
  const index = open(t)
  const draw = seeded(4)
  const picture = invent(draw)
  const entries = Array.from({ length: 200 }, (_, at) => entry(at + 1, picture, { productId: ((at * 77) % 200) + 1 }))
  await index.upsert([...entries, ...Array.from({ length: 200 }, (_, at) => entry(at + 500, invent(draw)))])
  const query = queryOf({ ...picture, points: invent(draw).points, pHash: invent(draw).pHash })
  const first = await index.search(query, ALL)
  const order = first.found.filter(({ productId }) => productId <= 200).map(({ productId }) => productId)
  assert.deepEqual(
    order,
    Array.from({ length: 200 }, (_, at) => at + 1),
  )
  assert.deepEqual(await index.search(query, ALL), first)
})

test('blank pictures do not find one another, and are never the same picture', async (t) => {
  const index = open(t)
  const draw = seeded(5)
  const picture = invent(draw, INFO, 0)
  await index.upsert([entry(1, { ...picture, isBlank: true }), entry(2, picture)])
  assert.deepEqual(brief(await index.search(queryOf({ ...picture, isBlank: true }), ALL)), ['20/2 similar'])
  assert.deepEqual(brief(await index.search(queryOf(picture), ALL)), ['20/2 same_picture', '10/1 similar'])
})

test('what many pictures bear tells none of them apart', async (t) => {
  const index = open(t)
  const draw = seeded(6)
  const frame = invent(draw, INFO, 20)
  // A shop's frame around each of its pictures: points all over, the same on every one.
  const framed = () => {
    const own = invent(draw, INFO, 40)
    const joined = <Numbers extends Uint8Array | Uint16Array | Uint32Array>(a: Numbers, b: Numbers) =>
      Object.assign(own.points, { count: 60 }) && [...a, ...b]
    own.points.frames = Uint8Array.from(joined(frame.points.frames, own.points.frames))
    own.points.words = Uint16Array.from(joined(frame.points.words, own.points.words))
    own.points.signatures = Uint32Array.from(joined(frame.points.signatures, own.points.signatures))
    return own
  }
  const asked = framed()
  await index.upsert(Array.from({ length: 150 }, (_, at) => entry(at + 1, framed())))
  const strangers = await index.search(queryOf(asked), ALL)
  assert.deepEqual(new Set(strangers.found.map(({ match }) => match)), new Set(['similar']))
  await index.upsert([entry(500, asked)])
  const [itself] = (await index.search(changed(asked, draw, { turn: 0.1 }), ALL)).found
  assert.deepEqual([itself?.pictureId, itself?.match, itself?.evidence.inliers], [500, 'same_picture', 40])
})

test('a picture that many listings share is found by a part of it', async (t) => {
  const index = open(t)
  const draw = seeded(16)
  const shared = invent(draw)
  await index.upsert([
    ...Array.from({ length: 150 }, (_, at) => entry(at + 1, shared)),
    ...Array.from({ length: 300 }, (_, at) => entry(at + 1000, invent(draw))),
  ])
  const { found } = await index.search(changed(shared, draw, { scale: 1.5, keep: 40 }), { ...ALL, limit: 20 })
  assert.deepEqual(
    brief({ found }),
    Array.from({ length: 20 }, (_, at) => `${(at + 1) * 10}/${at + 1} same_picture`),
  )
})

/** A vector and hashes that nothing is farther from. */
const unlike = ({ global, pHash, dHash }: PictureFeatures) => ({
  global: global.map((value) => -value),
  pHash: pHash.map((byte) => ~byte),
  dHash: dHash.map((byte) => ~byte),
})

test('points under rare words count for more', async (t) => {
  const index = open(t)
  const draw = seeded(17)
  const asked = invent(draw, INFO, 22)
  asked.points.words.set(Array.from({ length: 22 }, (_, at) => (at < 14 ? 7 : at)))
  /** Others with these of the points that are asked with, and many of no other picture under the words that those have. */
  const withPoints = (from: number, to: number) => {
    const features = invent(draw, INFO, 22)
    features.points.words.fill(7)
    features.points.words.set(asked.points.words.subarray(from, to))
    features.points.signatures.set(asked.points.signatures.subarray(from * 2, to * 2))
    features.points.frames.set(asked.points.frames.subarray(from * 4, to * 4))
    return features
  }
  // More pictures than are compared place by place have more of the points, all of which are under the common word.
  await index.upsert([
    ...Array.from({ length: 95 }, (_, at) => entry(at + 1, withPoints(0, 14))),
    entry(500, { ...withPoints(14, 22), ...unlike(asked) }),
  ])
  const { hashes, globals } = queryOf(asked)
  const { found } = await index.search({ ...changed(asked, draw, { shiftX: 60 }), hashes, globals }, ALL)
  assert.equal(found.find(({ pictureId }) => pictureId === 500)?.match, 'same_picture')
})

test('hashes put a picture forward whose vector and points say nothing', async (t) => {
  const index = open(t)
  const draw = seeded(18)
  const picture = invent(draw)
  const { global, points } = { ...unlike(picture), points: invent(draw, INFO, 0).points }
  const { pHash, dHash } = unlike(picture)
  // As many as may be found by their vectors, and more.
  const nearer = { ...picture, points, pHash, dHash }
  const others = Array.from({ length: 2100 }, (_, at) => entry(at + 2, nearer))
  await index.upsert([entry(1, { ...picture, global, points }), ...others])
  const { found } = await index.search(queryOf(picture), ALL)
  assert.deepEqual(brief({ found: found.slice(0, 2) }), ['10/1 possible', '20/2 similar'])
})

test('what is closed serves the searches under way, and then nobody holds its memory any more', async (t) => {
  const draw = seeded(19)
  const large: EmbedderInfo = { ...INFO, words: 65_000 }
  const features = Array.from({ length: 100 }, () => packFeatures(invent(draw, large, 120)))
  const query = queryOf(invent(draw, large))
  const workers = openWorkers({ threads: 2 })
  t.after(() => workers.close())
  const useOne = async (): Promise<number> => {
    const index = openMemoryIndex({ workers, info: large })
    for (let from = 0; from < 8000; from += 100) {
      await index.upsert(
        features.map((each, at) => ({ pictureId: from + at, productId: from + at, group: 0, features: each })),
      )
    }
    const searches = [1, 2, 3, 4].map(() => index.search(query, ALL))
    index.close()
    for (const { total } of await Promise.all(searches)) assert.ok(total > 100)
    return index.stats().bytes
  }
  const bytes = await useOne()
  await delay(300)
  const before = process.memoryUsage.rss()
  for (let round = 0; round < 10; round++) await useOne()
  await delay(300)
  const grown = process.memoryUsage.rss() - before
  assert.ok(grown < 5 * bytes, `${grown} bytes more after ten indexes of ${bytes}`)
})

test('what is closed is not left to be collected some day', async (t) => {
  const workers = openWorkers({ threads: 1 })
  t.after(() => workers.close())
  const useOne = async () => {
    const index = openMemoryIndex({ workers, info: INFO })
    await index.search(queryOf(invent(seeded(20))), ALL)
    index.close()
    return new WeakRef(index)
  }
  const index = await useOne()
  await delay(50)
  assert.equal(index.deref(), undefined)
})

test('features of another space are refused, and nothing of them stays', async (t) => {
  const index = open(t)
  const draw = seeded(7)
  const foreign = { ...INFO, dim: INFO.dim + 1 }
  await assert.rejects(index.upsert([entry(1, invent(draw, foreign))]), /another space/)
  await assert.rejects(index.upsert([entry(1, invent(draw, { ...INFO, words: 60_000 }))]), /another space/)
  await assert.rejects(index.upsert([{ ...entry(1, invent(draw)), features: Buffer.from([1, 2]) }]), /no features/)
  await index.upsert([entry(2, invent(draw))])
  assert.deepEqual([index.fingerprint, index.stats().pictures], [INFO.fingerprint, 1])
})

test('searches that too many wait for are refused', async (t) => {
  const index = open(t, { threads: 1, queueMax: 2 })
  const search = () => index.search(queryOf(invent(seeded(8))), ALL)
  const outcomes = await Promise.allSettled([search(), search(), search(), search()])
  const refused = outcomes.filter((each) => each.status === 'rejected').map(({ reason }) => reason as DomainError)
  assert.deepEqual([refused.map(({ code }) => code), outcomes.length], [['busy'], 4])
})

test('searches in threads see whole pictures while others are written, replaced and removed', async (t) => {
  const index = open(t, { threads: 2 })
  const draw = seeded(9)
  const steady = Array.from({ length: 20 }, () => invent(draw))
  const entries = steady.map((features, at) => entry(at + 1, features))
  await index.upsert(entries)
  const searches = [0, 0]
  const writing = { rounds: 0, isDone: false }
  const write = async () => {
    // As long as both go on searching meanwhile.
    for (; writing.rounds < 60 || searches.some((count) => count < 6); writing.rounds++) {
      // What stands is written again as it is, among new pictures for which the memory grows, some of which go again.
      const fresh = Array.from({ length: 60 }, (_, at) => entry(1000 + writing.rounds * 60 + at, invent(draw)))
      await index.upsert(fresh.flatMap((each, at) => [each, entries[at % entries.length]!]))
      await index.remove(fresh.slice(0, 50).map(({ pictureId }) => pictureId))
    }
    writing.isDone = true
  }
  const read = async (reader: number) => {
    for (let at = reader; !writing.isDone; at = (at + 3) % steady.length, searches[reader]!++) {
      const [first] = (await index.search(changed(steady[at]!, draw, { turn: 0.5 }), ALL)).found
      assert.deepEqual(
        [first?.pictureId, first?.match, first && first.evidence.inliers >= 55],
        [at + 1, 'same_picture', true],
        JSON.stringify(first),
      )
    }
  }
  await Promise.all([write(), read(0), read(1)])
  assert.equal(index.stats().pictures, 20 + writing.rounds * 10)
})

test('writing gives the event loop back between pictures', async (t) => {
  const index = open(t)
  const draw = seeded(10)
  const entries = Array.from({ length: 1000 }, (_, at) => entry(at, invent(draw)))
  const turns = { taken: 0, isDone: false }
  const take = () => {
    turns.taken++
    if (!turns.isDone) setImmediate(take)
  }
  setImmediate(take)
  await index.upsert(entries)
  turns.isDone = true
  assert.ok(turns.taken >= 30, `${turns.taken}`)
})
