import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { LINE_BYTES_MAX, lineCutter } from '../../src/lib/lines.ts'

function cut(chunks: (string | Buffer)[]): [number, string | null, number][] {
  const cutter = lineCutter()
  const lines = chunks.flatMap((chunk) => cutter.push(Buffer.from(chunk)))
  return [...lines, ...cutter.end()].map(({ number, bytes, endsAt }) => [number, bytes && bytes.toString(), endsAt])
}

test('lines are numbered from 1 and know where they end', () => {
  assert.deepEqual(cut(['a\nbc', 'd\n\n', 'e']), [
    [1, 'a', 2],
    [2, 'bcd', 6],
    [3, '', 7],
    [4, 'e', 8],
  ])
  assert.deepEqual(cut([]), [])
  assert.deepEqual(cut(['a\r\n']), [[1, 'a\r', 3]])
})

test('a line over the limit is told and not kept', () => {
  const long = Buffer.alloc(LINE_BYTES_MAX + 1, 'x')
  const fits = Buffer.alloc(LINE_BYTES_MAX, 'x')
  assert.deepEqual(cut([long, '\nok\n']), [
    [1, null, LINE_BYTES_MAX + 2],
    [2, 'ok', LINE_BYTES_MAX + 5],
  ])
  assert.deepEqual(cut([fits, '\n']), [[1, fits.toString(), LINE_BYTES_MAX + 1]])
  assert.deepEqual(cut(Array.from({ length: 50 }, () => fits)), [[1, null, LINE_BYTES_MAX * 50]])
})

test('the lines do not depend on where the chunks were cut', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', '\n', '杯', '\r')), fc.array(fc.nat({ max: 5 })), (parts, sizes) => {
      const bytes = Buffer.from(parts.join(''))
      const chunks: Buffer[] = []
      let at = 0
      for (const size of sizes) chunks.push(bytes.subarray(at, (at += size)))
      chunks.push(bytes.subarray(at))
      assert.deepEqual(cut(chunks), cut([bytes]))
    }),
  )
})
