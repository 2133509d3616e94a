import { GOODS } from './glossary-goods.ts'
import { LOOKS } from './glossary-looks.ts'
import { MATTER } from './glossary-matter.ts'
import { TRADE } from './glossary-trade.ts'
import { quantityAt, wordedQuantityAt } from './quantities.ts'

const WORDS: ReadonlyMap<string, string> = new Map(
  [TRADE, MATTER, GOODS, LOOKS].flatMap((table) => Object.entries(table)),
)
const LONGEST_WORD = Math.max(...[...WORDS.keys()].map((word) => word.length))

/** Characters that carry a meaning of their own inside a longer text; any other counts only when it stands alone. */
const COMPOSABLE = new Set('黑白灰红黄绿蓝紫粉棕银金橙大中小男女左右新旧')
/** Characters that hold words together; most have no word of their own in English. */
const GLUE: ReadonlyMap<string, string> = new Map([
  ['的', ''],
  ['色', ''],
  ['码', ''],
  ['省', ''],
  ['市', ''],
  ['款', 'style'],
  ['和', 'and'],
  ['与', 'and'],
])

const MIXED_WORDS = [...WORDS.keys()].filter((word) => /[A-Za-z]/.test(word)).join('|')
/** A word that begins in Latin letters (T恤), a letter size (XL码), a run of Chinese, of Latin and digits, of space, or one other character. */
const TOKEN = new RegExp(
  String.raw`(?<mixed>${MIXED_WORDS})|(?<size>(?:\d{0,2}X{0,5}[SML]|[SML]))码|(?<han>\p{Script=Han}+)|(?<latin>[\p{Script=Latin}\p{M}\d.%°+]+)|(?<space>\s+)|.`,
  'uys',
)
const PUNCTUATION: Readonly<Record<string, string>> = {
  '，': ', ',
  '、': ', ',
  '；': '; ',
  '：': ': ',
  '。': '. ',
  '！': '! ',
  '？': '? ',
  '（': ' (',
  '）': ') ',
  '【': ' [',
  '】': '] ',
  '《': ' "',
  '》': '" ',
  '“': '"',
  '”': '"',
  '～': '~',
  '／': '/',
  '＋': '+',
  '－': '-',
  '—': '-',
  '×': ' × ',
}
const FOREIGN_LETTER = /(?!\p{Script=Latin})\p{L}/u

type Piece = { kind: 'word' | 'kept' | 'other'; text: string }

/**
 * Writes a seller's text in English from the glossary alone. A run of Chinese is replaced only when its every character
 * is accounted for, and kept whole otherwise: half a name is worse than none. `translated` says that nothing is left in
 * another script. Linear in the length of the text.
 */
export function fromGlossary(text: string): { text: string; translated: boolean } {
  if (!FOREIGN_LETTER.test(text)) return { text, translated: true }
  const whole = WORDS.get(text.trim())
  if (whole !== undefined) return { text: capital(whole), translated: true }

  const pieces = cut(text)
  if (!pieces.some(({ kind }) => kind === 'word')) return { text, translated: false }
  const joined = join(pieces)
  return { text: joined, translated: !FOREIGN_LETTER.test(joined) }
}

function cut(text: string): Piece[] {
  const pieces: Piece[] = []
  let at = 0
  while (at < text.length) {
    const quantity = quantityAt(text, at)
    if (quantity) {
      pieces.push({ kind: 'word', text: quantity.text })
      at += quantity.length
      continue
    }
    TOKEN.lastIndex = at
    const match = TOKEN.exec(text)!
    at += match[0].length
    pieces.push(pieceOf(match))
  }
  return pieces
}

function pieceOf(match: RegExpExecArray): Piece {
  const { mixed, size, han, latin, space } = match.groups!
  if (mixed !== undefined) return { kind: 'word', text: WORDS.get(mixed)! }
  if (size !== undefined) return { kind: 'word', text: size }
  if (latin !== undefined) return { kind: 'kept', text: latin }
  if (space !== undefined) return { kind: 'other', text: space }
  if (han === undefined) return { kind: 'other', text: PUNCTUATION[match[0]] ?? match[0] }
  const words = segment(han)
  return words ? { kind: 'word', text: words } : { kind: 'kept', text: han }
}

/** Covers a run of Chinese with the fewest words; null when some character belongs to none. */
function segment(run: string): string | null {
  const alone = WORDS.get(run)
  if (alone !== undefined) return alone

  const best: ({ words: number; from: number; text: string } | undefined)[] = [{ words: 0, from: 0, text: '' }]
  for (let from = 0; from < run.length; from++) {
    const words = best[from]?.words
    if (words === undefined) continue
    const offer = (length: number, text: string) => {
      const to = from + length
      if (to > run.length || (best[to] && best[to].words <= words + 1)) return
      best[to] = { words: words + 1, from, text }
    }
    const quantity = wordedQuantityAt(run, from)
    if (quantity) offer(quantity.length, quantity.text)
    for (let length = Math.min(LONGEST_WORD, run.length - from); length > 0; length--) {
      const word = run.substr(from, length)
      const text = length > 1 || COMPOSABLE.has(word) ? WORDS.get(word) : GLUE.get(word)
      if (text !== undefined) offer(length, text)
    }
  }

  const texts: string[] = []
  for (let at = run.length; at > 0; at = best[at]!.from) {
    if (!best[at]) return null
    if (best[at]!.text) texts.push(best[at]!.text)
  }
  return texts.length > 0 ? texts.reverse().join(' ') : null
}

function join(pieces: Piece[]): string {
  let text = ''
  let previous: Piece['kind'] = 'other'
  let begun = false
  for (const piece of pieces) {
    const spaced = piece.kind !== 'other' && previous !== 'other' && (piece.kind === 'word' || previous === 'word')
    if (spaced) text += ' '
    text += piece.kind === 'word' && !begun ? capital(piece.text) : piece.text
    begun ||= piece.kind !== 'other'
    previous = piece.kind
  }
  return text
    .replace(/[^\S\n]+/g, ' ')
    .replace(/ ([,;:.!?)\]])/g, '$1')
    .replace(/([([]) /g, '$1')
    .trim()
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
