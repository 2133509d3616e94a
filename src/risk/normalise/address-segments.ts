/** Letters that are not a letter and a mark to Unicode, and how they are typed without their keyboard. */
const LETTERS: Readonly<Record<string, string>> = {
  ß: 'ss',
  ø: 'o',
  æ: 'ae',
  œ: 'oe',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ı: 'i',
  ħ: 'h',
  ς: 'σ',
}

/** Lower-case text without diacritics. */
export function foldLetters(text: string): string {
  return text
    .normalize('NFD')
    .replaceAll(/[\u0300-\u036f\u064b-\u065f]/g, '')
    .normalize('NFC')
    .replaceAll(/[ßøæœłđðþıħς]/g, (letter) => LETTERS[letter]!)
}

/**
 * The parts of an address that commas and lines make, each of words and single blanks. A hyphen or slash is left only where a digit
 * stands beside it; `#` is a word.
 */
export function segmentsOf(text: string): string[] {
  return foldLetters(text)
    .replaceAll(/(?<=^|[^\p{L}])(?:l|d|dell|all|sull|nell)['’](?=\p{L})/gu, '')
    .replaceAll(/['’`´]/g, '')
    .replaceAll(/(?<=^|[^\p{L}\p{N}])(\p{L})\.(?=\p{L}(?:[^\p{L}]|$))/gu, '$1')
    .replaceAll(/(?<=^|[^\p{L}])([pvcl])\.(?=(?:za|zza|le|so|go)(?:[^\p{L}]|$))/gu, '$1')
    .replaceAll(/(?<=\d) \p{Pd} (?=\d{1,3}(?![\d\p{L}]))/gu, '-')
    .split(/[,;|·•]| \p{Pd} /u)
    .map((segment) =>
      segment
        .replaceAll(/\p{Pd}/gu, '-')
        .replaceAll(/[^\p{L}\p{N}\p{M}#/-]/gu, ' ')
        .replaceAll(/(?<![\p{L}\p{N}])[-/]|[-/](?![\p{L}\p{N}])|(?<!\d)[-/](?!\d)/gu, ' ')
        .replaceAll('#', ' # ')
        .replaceAll(/ +/g, ' ')
        .trim(),
    )
    .filter((segment) => segment !== '')
}

/** Cuts the first match out; what stood before and behind it are then segments of their own. */
export function cut(segments: readonly string[], pattern: RegExp): { found: RegExpExecArray; rest: string[] } | null {
  for (const [at, segment] of segments.entries()) {
    const found = pattern.exec(segment)
    if (found) return { found, rest: splice(segments, at, found.index, found.index + found[0].length) }
  }
  return null
}

/** The segments without the letters from `start` to `end` of one of them, which is then two. */
export function splice(segments: readonly string[], at: number, start: number, end: number): string[] {
  const segment = segments[at]!
  const halves = [segment.slice(0, start).trim(), segment.slice(end).trim()].filter((half) => half !== '')
  return [...segments.slice(0, at), ...halves, ...segments.slice(at + 1)]
}
