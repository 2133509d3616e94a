/**
 * A text as one reader of any keyboard sees it: Unicode's compatibility forms (NFKC), without what is not seen (zero-width, soft
 * hyphens, marks of direction, variation selectors), control characters as blanks, ASCII digits for those of any script, no blanks
 * at its ends. Halves of surrogate pairs become U+FFFD, as they do in UTF-8. Cleaned again, it is the same.
 */
export function cleanText(raw: string): string {
  return (
    raw
      .toWellFormed()
      .normalize('NFKC')
      .replaceAll(/[\p{DI}\p{Cf}]/gu, '')
      .replaceAll(/\p{Cc}/gu, ' ')
      .replaceAll(/\p{Nd}/gu, (digit) => String(digitValue(digit)))
      // What stood apart by something unseen may be one letter now.
      .normalize('NFC')
      .trim()
  )
}

/** Unicode keeps the digits of a script in runs of ten, zero first. */
function digitValue(digit: string): number {
  const point = digit.codePointAt(0)!
  let zero = point
  while (/^\p{Nd}$/u.test(String.fromCodePoint(zero - 1))) zero -= 1
  return (point - zero) % 10
}
