import { numeralsBefore, numeralsToDigits } from './chinese-numerals.ts'

const SIGNS = /[\p{Script=Hiragana}\p{Script=Katakana}〒]|丁目|番地|県|東京都|大阪府|京都府|北海道/u
const PREFECTURE = /東京都|北海道|(?:京都|大阪)府|(?:神奈川|和歌山|鹿児島|\p{Script=Han}{2})県/u
/** 三番町 is a name. */
const NUMBER = '番(?![町丁])'
const NUMERALS = numeralsBefore(`丁目|番地|${NUMBER}|号`)

/** Whether a text has letters or words that addresses of Japan alone have. */
export function isJapanese(text: string, region: string | null): boolean {
  return SIGNS.test(text) || (region === 'jp' && /\p{Script=Han}/u.test(text))
}

/**
 * A Japanese address with blanks between words and numbers, `1丁目2番3号` as `1-2-3` and its room in English. The prefecture goes, as the
 * postcode says it.
 */
export function spaceJapanese(text: string): string {
  return numeralsToDigits(text.replace(PREFECTURE, ' '), NUMERALS)
    .replaceAll(/(?<!\d)(\d+)号?室/g, ' room $1 ')
    .replaceAll(new RegExp(`(?<=\\d)(?:丁目|番地の?|${NUMBER}|号|の)(?=\\d)`, 'g'), '-')
    .replaceAll(new RegExp(`(?<=\\d)(?:丁目|番地|${NUMBER}|号)`, 'g'), ' ')
    .replaceAll(/(?<=[\p{L}ー])(?=\d)|(?<=\d)(?=[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}])/gu, ' ')
}
