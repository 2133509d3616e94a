import assert from 'node:assert/strict'
import test from 'node:test'
import { fenOfFen, fenOfYuan } from '../../../src/products/sources/wobble.ts'

const MOST = Number.MAX_SAFE_INTEGER

test('yuan become fen: ranges give their lower end, and what is absurd stays to be seen', () => {
  const cases: [value: unknown, fen: number | null][] = [
    ['41', 4_100],
    [41.1, 4_110],
    ['41.005', 4_101],
    ['¥ 1,234.50', 123_450],
    ['12.00-30.00', 1_200],
    ['12.00 ~ 30.00', 1_200],
    ['¥12–¥30', 1_200],
    ['-41.00', -4_100],
    [-41, -4_100],
    ['¥-41', -4_100],
    ['-¥41', -4_100],
    ['-5-10', -500],
    ['99999999999', 9_999_999_999_900],
    ['999999999999', 99_999_999_999_900],
    ['9'.repeat(14), MOST],
    ['9'.repeat(400), MOST],
    ['-' + '9'.repeat(400), -MOST],
    ['1e9', 100_000_000_000],
    [1e300, MOST],
    [Infinity, MOST],
    [1e-7, null],
    ['0', null],
    ['0.00', null],
    [-0, null],
    ['', null],
    ['-', null],
    ['--5', null],
    ['面议', null],
    ['0x10', null],
    ['1 2', null],
    [Number.NaN, null],
    [null, null],
    [false, null],
    [['41'], null],
  ]
  for (const [value, fen] of cases) assert.equal(fenOfYuan(value), fen, String(value))
})

test('fen stay fen: whole ones, the absurd among them', () => {
  const cases: [value: unknown, fen: number | null][] = [
    ['4100', 4_100],
    [4100, 4_100],
    ['-4100', -4_100],
    [-1, -1],
    ['9'.repeat(14), 99_999_999_999_999],
    ['9'.repeat(20), MOST],
    [1e300, MOST],
    ['41.5', null],
    [0, null],
    ['0', null],
    ['', null],
    ['4,100', null],
    [null, null],
    [{}, null],
  ]
  for (const [value, fen] of cases) assert.equal(fenOfFen(value), fen, String(value))
})
