import { descriptionPictureUrl } from './pictures.ts'
import { distinct, text } from './wobble.ts'

const HTML_MAX = 1_000_000
const TEXT_MAX = 20_000

/** Elements whose content is not for reading. */
const SILENT = new Set([
  'script',
  'style',
  'iframe',
  'object',
  'embed',
  'noscript',
  'template',
  'svg',
  'textarea',
  'title',
])
const BREAKING = /^(?:address|article|blockquote|br|dd|div|dl|dt|h[1-6]|hr|li|ol|p|section|table|tr|ul)$/

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  yen: '¥',
  times: '×',
  deg: '°',
  middot: '·',
  ldquo: '“',
  rdquo: '”',
  lsquo: '‘',
  rsquo: '’',
  mdash: '—',
  ndash: '–',
  hellip: '…',
  emsp: ' ',
  ensp: ' ',
  bull: '•',
  copy: '©',
  reg: '®',
  trade: '™',
}

/** What a seller's HTML says: plain text with line breaks, and the pictures that a marketplace's own host serves. */
export type Description = { text: string | null; images: string[] }

/**
 * Reads a description. Markup, scripts and everything that is not text or an allowed picture is left out. One pass from
 * left to right, so hostile input costs no more than its length.
 */
export function readDescription(value: unknown): Description {
  const html = typeof value === 'string' ? value.slice(0, HTML_MAX) : ''
  // ASCII only: other letters may become longer, and places in this text are places in the other.
  const lower = html.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase())
  const images: (string | null)[] = []
  const parts: string[] = []
  let at = 0

  while (at < html.length) {
    const open = html.indexOf('<', at)
    parts.push(html.slice(at, open < 0 ? html.length : open))
    if (open < 0) break
    const tag = readTag(html, open)
    if (!tag) {
      parts.push('<')
      at = open + 1
      continue
    }
    at = tag.end
    if (BREAKING.test(tag.name)) parts.push('\n')
    if (tag.name === 'img') images.push(pictureOf(html.slice(open, tag.end)))
    if (SILENT.has(tag.name) && !tag.closing) {
      const close = lower.indexOf(`</${tag.name}`, at)
      at = close < 0 ? html.length : close
    }
  }
  return { text: tidy(parts.join('')), images: distinct(images) }
}

type Tag = { name: string; closing: boolean; end: number }

/** The tag or comment that starts at `open`; null when the `<` is only a character. An unfinished one takes the rest. */
function readTag(html: string, open: number): Tag | null {
  const until = (mark: string, from: number) => {
    const found = html.indexOf(mark, from)
    return found < 0 ? html.length : found + mark.length
  }
  if (html.startsWith('<!--', open)) return { name: '!', closing: false, end: until('-->', open + 4) }
  const head = /^<(\/?)([a-z][a-z0-9]{0,20}|[!?])/i.exec(html.slice(open, open + 24))
  if (!head) return null
  return { name: head[2]!.toLowerCase(), closing: head[1] === '/', end: tagEnd(html, open + head[0].length) }
}

/** Where the tag ends: a `>` inside a quoted attribute does not end it. */
function tagEnd(html: string, from: number): number {
  let quote = ''
  for (let at = from; at < html.length; at++) {
    const character = html[at]!
    if (quote) quote = character === quote ? '' : quote
    else if (character === '"' || character === "'") quote = character
    else if (character === '>') return at + 1
  }
  return html.length
}

/** The address of an `<img>`, unless it is hidden or a single pixel. */
function pictureOf(tag: string): string | null {
  const attributes = new Map<string, string>()
  for (const match of tag.slice(0, 4_000).matchAll(/\s([a-z-]{1,20})=(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/gi)) {
    attributes.set(match[1]!.toLowerCase(), match[2] ?? match[3] ?? match[4] ?? '')
  }
  const tiny = ['width', 'height'].some((side) => /^\s*[01](?:px)?\s*$/.test(attributes.get(side) ?? ''))
  if (tiny || /display:none|visibility:hidden/i.test((attributes.get('style') ?? '').replaceAll(' ', ''))) return null
  // Lazy loading keeps the real address beside a placeholder.
  const lazy = attributes.get('data-ks-lazyload') ?? attributes.get('data-src')
  return descriptionPictureUrl(decode(lazy ?? attributes.get('src') ?? ''))
}

function decode(value: string): string {
  return value.replaceAll(/&(#x[0-9a-f]{1,6}|#\d{1,7}|[a-z]{2,8});/gi, (whole, name: string) => {
    if (!name.startsWith('#')) return ENTITIES[name.toLowerCase()] ?? whole
    const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1))
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : ''
  })
}

function tidy(raw: string): string | null {
  const lines = decode(raw)
    .split(/[\r\n\u2028\u2029]+/)
    .map((line) => line.replaceAll(/\s+/g, ' ').trim())
    // Other control characters and invisible joiners would only hide text.
    .map((line) => line.replaceAll(/[\p{Cc}\p{Cf}]/gu, ''))
    .filter(Boolean)
  return text(lines.join('\n').slice(0, TEXT_MAX))
}
