import { randomText, type Random } from '../../lib/ids.ts'

export const STYLES = ['qc', 'oh', 'cbk', 'sk'] as const
export type Style = (typeof STYLES)[number]
export const MODES = ['live', 'test'] as const
export type Mode = (typeof MODES)[number]

const PREFIX: Record<Style, Record<Mode, string>> = {
  qc: { live: 'qc_live_', test: 'qc_test_' },
  oh: { live: 'oh_live_', test: 'oh_test_' },
  cbk: { live: 'cbk_', test: 'cbk_test_' },
  sk: { live: 'sk-', test: 'sk-test-' },
}
/** Longer than any key. */
export const KEY_LENGTH_MAX = 48
const FORMS = STYLES.flatMap((style) =>
  MODES.map((mode) => ({ style, mode, pattern: new RegExp(`^${PREFIX[style][mode]}[A-Za-z0-9]{32}$`) })),
)

/** A new key: its style's prefix and 32 random characters of [A-Za-z0-9]. */
export function newKeyText(random: Random, style: Style, mode: Mode): string {
  return PREFIX[style][mode] + randomText(random, 32)
}

/** The style and mode that a key's form tells, or null when no key of ours looks so. Needs no database. */
export function parseKeyText(text: string): { style: Style; mode: Mode } | null {
  if (text.length > KEY_LENGTH_MAX) return null
  const form = FORMS.find(({ pattern }) => pattern.test(text))
  return form ? { style: form.style, mode: form.mode } : null
}
