import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Scan } from '../../../../src/products/search/vectors/scan.ts'
import { addPicture, createStore, openStore, shareStore } from '../../../../src/products/search/vectors/store.ts'
import { INFO, invent, inventVector, seeded } from './invented.ts'

const root = new URL('../../../../', import.meta.url)

test('scan.wasm is what scan.wat says', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'openhaul-kernel-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const built = join(folder, 'scan.wasm')
  const { status, stderr } = spawnSync(process.execPath, [fileURLToPath(new URL('bin/build-kernel.mjs', root)), built])
  assert.equal(status, 0, String(stderr).slice(-500))
  assert.ok(readFileSync(built).equals(readFileSync(new URL('src/products/search/vectors/scan.wasm', root))))
})

const bitsOf = (byte: number) => byte.toString(2).replaceAll('0', '').length
const apart = (a: Uint8Array, b: Uint8Array) => a.reduce((sum, byte, at) => sum + bitsOf(byte ^ b[at]!), 0)
const dot = (a: Int8Array, b: Int8Array) => a.reduce((sum, value, at) => sum + value * b[at]!, 0)

// Dimensions that fill up to 16, to more and to exactly; counts that end within a block, at its end, and in a later one.
for (const [dim, count] of [
  [1, 1],
  [16, 7],
  [40, 1024],
  [192, 1025],
  [250, 2100],
] as const) {
  test(`every row's dot product and hash distance is exact: ${count} of ${dim}`, () => {
    const draw = seeded(dim)
    const pictures = Array.from({ length: count }, () => invent(draw, { ...INFO, dim }, 0))
    // The outermost values, whose sums are the largest.
    pictures[count >> 1]!.global.fill(-128)
    const store = createStore(dim, 1)
    for (const [row, features] of pictures.entries()) {
      addPicture(store, { pictureId: row, productId: row, group: 0, features }, undefined)
    }
    const scan = new Scan(store)
    const collect = (run: (visit: (row: number, values: Int32Array) => void) => void) => {
      const all: number[] = []
      run((row, values) => {
        assert.equal(row, all.length)
        all.push(...values)
      })
      return all
    }

    const vectors = [inventVector(draw, dim), new Int8Array(dim).fill(-128), inventVector(draw, dim)]
    for (const some of [vectors.slice(0, 1), vectors]) {
      assert.deepEqual(
        collect((visit) => scan.dots(some, visit)),
        pictures.map(({ global }) => Math.max(...some.map((vector) => dot(vector, global)))),
      )
    }
    const pairs = Array.from({ length: 17 }, () => invent(draw, INFO, 0))
    for (const some of [pairs.slice(0, 1), pairs]) {
      assert.deepEqual(
        collect((visit) => scan.distances(some, visit)),
        pictures.map(({ pHash, dHash }) =>
          Math.min(...some.map((pair) => apart(pair.pHash, pHash) + apart(pair.dHash, dHash))),
        ),
      )
    }
  })
}

test('of a word all postings near enough are found, however long its chain', () => {
  const draw = seeded(3)
  const { file, rows } = createStore(1, 2)
  const scan = new Scan({ file, rows })
  const signatures: [number, number][] = []
  for (let row = 0; row < 1500; row++) {
    const [low, high] = [draw(2 ** 32), draw(2 ** 32)]
    signatures.push([low, high])
    file.post(1, row, low, high, row)
    // Between the others' blocks lie those of another word.
    file.post(0, row, low, high, 0)
    if (row > 200 && row % 97 !== 0) continue
    for (const distanceMax of [0, 30, 64]) {
      const found = scan.matches(1, low, high, distanceMax)
      const near = Array.from({ length: found.length / 2 }, (_, at) => [file.rowAt(found[at * 2]!), found[at * 2 + 1]])
      const expected = signatures
        .map(([otherLow, otherHigh], other) => [other, bits(low ^ otherLow) + bits(high ^ otherHigh)] as const)
        .filter(([, distance]) => distance <= distanceMax)
      assert.deepEqual(near, expected)
    }
  }
})

test('postings in memory that a reader does not know of yet are left out', () => {
  const writer = createStore(1, 1)
  const add = () => writer.file.post(0, writer.file.count(0), 0, 0, 0)
  add()
  const reader = openStore(shareStore(writer))
  const scan = new Scan(reader)
  const rows = () =>
    [...scan.matches(0, 0, 0, 0)].filter((_, at) => at % 2 === 0).map((each) => reader.file.rowAt(each))
  const { limit } = reader.file
  while (writer.file.limit === limit) add()
  const seen = rows()
  assert.deepEqual(seen, [...seen.keys()])
  assert.ok(seen.length > 1 && seen.length < writer.file.count(0), `${seen.length} of ${writer.file.count(0)}`)
  reader.file.look()
  assert.equal(rows().length, writer.file.count(0))
})

const bits = (number: number) => bitsOf(number >>> 0)
