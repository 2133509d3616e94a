import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Key, Normalised } from '../../../src/risk/normalise/normalised.ts'

/** What two identifiers have in common at best. */
export type Relation = 'exact' | 'canonical' | 'near' | 'apart'

export function keysOf(normalised: Normalised, form?: Key['form']): string[] {
  assert.equal(normalised.kind, 'fit')
  return normalised.keys.filter((key) => form === undefined || key.form === form).map(({ text }) => text)
}

export function relation(one: Normalised, other: Normalised): Relation {
  const forms = ['exact', 'canonical', 'near'] as const
  const shares = (form: Key['form']) => keysOf(one, form).some((text) => keysOf(other, form).includes(text))
  return forms.find(shares) ?? 'apart'
}

/** Canonical keys' texts without what kind of key they are, which is what may be sent. */
export function canonicalTexts(normalised: Normalised): string[] {
  return keysOf(normalised, 'canonical').map((text) => text.slice('canonical/'.length))
}

/** Any string that JavaScript has: any of Unicode, and 16-bit units one by one, halves of pairs among them. */
export const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 300 }).map((units) => String.fromCharCode(...units)),
)

/** The same text typed otherwise. */
export const retyped: readonly ((text: string) => string)[] = [
  (text) => text.toUpperCase(),
  (text) => `\t ${text}\u00a0\n`,
  (text) => text.replaceAll(/[!-~]/g, (ascii) => String.fromCharCode(ascii.charCodeAt(0) + 0xfee0)),
  (text) => Array.from(text).join('\u200b'),
  (text) => `\ufeff${text.slice(0, 1)}\u00ad\u2060${text.slice(1)}\u200f`,
]

const HOSTILE = [
  '.',
  ' ',
  'a',
  '1',
  '@',
  '-',
  '+',
  '"',
  '\\',
  '\u0301',
  '\ud800',
  '\u200b',
  '\0',
  '\ufdfa',
  'a.',
  ' @',
  '#1234',
  'ﷺ:',
  '一',
]

/** From a quarter of a size to all of it, hostile texts may take at most 8 times as long: linear growth is 4 times, squared is 16. */
export function assertLinear(normalise: (raw: string) => unknown, limit: number): void {
  for (const part of HOSTILE) {
    for (const size of [100_000, limit]) {
      const whole = part.repeat(size).slice(0, size)
      let [quarterMs, wholeMs] = [0, Infinity]
      // Measured again where it seems too long: others use this machine too.
      for (let tries = 0; tries < 5 && wholeMs > 8 * Math.max(quarterMs, 0.5); tries++) {
        quarterMs = fastestMs(() => normalise(whole.slice(0, size / 4)))
        wholeMs = fastestMs(() => normalise(whole))
      }
      // What takes next to no time is measured as noise.
      assert.ok(
        wholeMs <= 8 * Math.max(quarterMs, 0.5),
        `${JSON.stringify(part)} × ${size}: ${quarterMs} ms, then ${wholeMs} ms`,
      )
    }
  }
}

function fastestMs(work: () => unknown): number {
  const timesMs = Array.from({ length: 5 }, () => {
    const startedMs = performance.now()
    work()
    return performance.now() - startedMs
  })
  return Math.min(...timesMs)
}
