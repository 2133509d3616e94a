import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addPicture, createStore, openStore, shareStore } from '../../../../src/products/search/vectors/store.ts'
import { INFO, invent, seeded } from './invented.ts'

const { dim, words } = INFO

/** The pictures that stand, as `picture/product/group`. */
function standing({ rows }: ReturnType<typeof createStore>): string[] {
  const all = Array.from({ length: rows.count }, (_, row) => row).filter((row) => rows.stands(row))
  return all.map((row) => [rows.pictureId(row), rows.productId(row), rows.group(row)].join('/'))
}

test('a reader sees a picture whole or not at all, and a replaced one once', () => {
  const draw = seeded(1)
  const writer = createStore(dim, words)
  const look = () => openStore(shareStore(writer))
  /** Adds a picture, and returns what was to be seen while its points were written. */
  const add = (productId: number, replaced?: number): string[] => {
    const features = invent(draw)
    let seen: string[] = []
    const points = {
      ...features.points,
      get signatures() {
        seen = standing(look())
        return features.points.signatures
      },
    }
    addPicture(writer, { pictureId: 7, productId, group: 3, features: { ...features, points } }, replaced)
    return seen
  }
  assert.deepEqual(add(70), [])
  const before = look()
  assert.deepEqual(standing(before), ['7/70/3'])
  assert.deepEqual(add(71, 0), ['7/70/3'])
  assert.deepEqual(standing(before), ['7/70/3'], 'who looked before goes on seeing what it saw')
  assert.deepEqual(standing(look()), ['7/71/3'])
  writer.rows.remove(1)
  assert.deepEqual(standing(look()), [])
})

test('a reader that looked before the memory grew can read all that it saw, and sees the rest when it looks again', () => {
  const draw = seeded(2)
  const writer = createStore(dim, words)
  const count = 9000
  const add = (pictureId: number) =>
    addPicture(writer, { pictureId, productId: pictureId, group: 0, features: invent(draw, INFO, 12) }, undefined)
  add(0)
  const reader = openStore(shareStore(writer))
  const sizes = () => [writer.rows.memory.buffer.byteLength, writer.file.memory.buffer.byteLength]
  const [rowBytes, postingBytes] = sizes()
  for (let pictureId = 1; pictureId < count; pictureId++) add(pictureId)
  assert.ok(sizes()[0]! > rowBytes! && sizes()[1]! > postingBytes!, 'both have grown')
  assert.deepEqual([reader.rows.count, reader.rows.pictureId(0)], [1, 0])
  reader.rows.look()
  const all = Array.from({ length: count }, (_, row) => row)
  assert.deepEqual(
    all.map((row) => reader.rows.pictureId(row)),
    all,
  )
})

test('a picture for whose points there is no room takes up a row that nobody sees', () => {
  const draw = seeded(3)
  const store = createStore(dim, words)
  const features = invent(draw)
  const points = {
    ...features.points,
    get signatures(): Uint32Array {
      throw new RangeError('Maximum memory size exceeded')
    },
  }
  const broken = { pictureId: 1, productId: 1, group: 0, features: { ...features, points } }
  assert.throws(() => addPicture(store, broken, undefined), RangeError)
  addPicture(store, { pictureId: 2, productId: 2, group: 0, features: invent(draw) }, undefined)
  assert.deepEqual([store.rows.count, standing(store)], [2, ['2/2/0']])
})
