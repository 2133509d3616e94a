const NUMERALS = '〇零一二三四五六七八九两十百'
const VALUES: ReadonlyMap<string, number> = new Map(
  Object.entries({ 〇: 0, 零: 0, 一: 1, 二: 2, 两: 2, 三: 3, 四: 4, 五: 5, 六: 6, 七: 7, 八: 8, 九: 9 }),
)
/** `九百九十九`; longer ones are no numbers of houses. */
const WRITTEN_OUT_MAX = 5

/** A pattern, for `numeralsToDigits`, of numerals before one of the words. It looks at each letter once, however many there are. */
export function numeralsBefore(words: string): RegExp {
  return new RegExp(`[${NUMERALS}]+(?=(${words})|)`, 'g')
}

/** A text with digits for the numerals that a pattern of `numeralsBefore` finds. */
export function numeralsToDigits(text: string, pattern: RegExp): string {
  return text.replaceAll(pattern, (numeral: string, word: string | undefined) =>
    word === undefined ? numeral : digitsOf(numeral),
  )
}

/** `二十三` and `二三` are both 23: written out, or digit by digit. */
export function digitsOf(numeral: string): string {
  if (!/[十百]/.test(numeral)) return numeral.replaceAll(/./gu, (letter) => String(VALUES.get(letter)))
  if (numeral.length > WRITTEN_OUT_MAX) return numeral
  let sum = 0
  let digit = 0
  for (const letter of numeral) {
    const unit = letter === '百' ? 100 : letter === '十' ? 10 : null
    if (unit === null) digit = VALUES.get(letter)!
    else {
      sum += (digit || 1) * unit
      digit = 0
    }
  }
  return String(sum + digit)
}
