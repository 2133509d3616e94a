import {
  isSupportedCountry,
  parsePhoneNumberFromString,
  type CountryCode,
  type NumberType,
  type PhoneNumber,
} from 'libphonenumber-js/max'
import { cleanText } from './clean-text.ts'
import type { Normalised } from './normalised.ts'

const LENGTH_MAX = 64
const UNFIT = {
  tooLong: `A phone number has at most ${LENGTH_MAX} characters; send one number and nothing beside it.`,
  noCountry: 'This does not say its country; send the number with its country code, such as +1 202 555 0123.',
  impossible: 'No such phone number can exist; send all of it with its country code, such as +1 202 555 0123.',
  filler: 'Send a number that can be called, such as +1 202 555 0123: this one stands for none.',
}

const LABEL = /^(?:tel|telephone|phone|mobile|mob|cell|whatsapp|тел|电话|電話|手机)[.:]*\s*/
const EXTENSION =
  /(?:(?<=[\d\s),;.])(?:extension|extensión|extn?|x|х|#|доб(?:авочный)?|вн(?:утр)?|转|轉|分机|分機|内线|内線|內線|interno|int|anexo|ramal|poste|durchwahl|dw|toestel|tst|wew|ankn(?:ytning)?)[.:=]?\s*|[,;]+\s*(?:ext=)?|(?<=^(?:0|\+86[\s-]?)(?:10|2\d|[3-9]\d{2})-\d{7,8})-)(\d{1,7})#?$/
/** Letters on the keys of a telephone, ITU-T E.161: the place of each letter in the list is its key. */
const KEYPAD = ['', '', 'abc', 'def', 'ghi', 'jkl', 'mno', 'pqrs', 'tuv', 'wxyz']
const WRITTEN = /^[\s([]*\+?[\d\s()[\]./\p{Pd}]+$/u

const REPEATED = /^(\d)\1+$/
const COUNTED = '01234567890123456789'

/**
 * How numbers of a country were dialled before its plan changed, and how the same line is dialled now. Mexico dropped the 1 of mobile
 * lines in 2019; Brazil put a 9 before eight-digit mobile numbers, everywhere since 2016.
 */
const RENUMBERED: readonly [RegExp, string][] = [
  [/^\+521(\d{10})$/, '+52$1'],
  [/^\+55(\d{2})([689]\d{7})$/, '+55$19$2'],
]

/** Kinds of numbers that say something about who holds one. */
const TELLING: Partial<Record<NonNullable<NumberType>, string>> = {
  VOIP: 'voip',
  TOLL_FREE: 'toll_free',
  PREMIUM_RATE: 'premium_rate',
  SHARED_COST: 'shared_cost',
  PERSONAL_NUMBER: 'personal_number',
  PAGER: 'pager',
  UAN: 'company_number',
}

/**
 * The keys of a phone number: exact is E.164 with its extension (RFC 3966), canonical E.164 without and by today's numbering plan.
 * None is near: the same digits in another country or area are as often somebody else's (bench/risk-quality.ts).
 *
 * Plans and trunk prefixes are those of libphonenumber. `region` is the country (two letters) of what is written without one; without
 * it a number needs `+`, `00` or `011`. A prefix of the region itself comes first: `0114 420…` in Great Britain is Sheffield. A number
 * that no plan gives out, though it has the right length, is fit and has the flag `unassigned`, but only with its country code: without,
 * it may lack its area code. What fills a form, such as 555 5555, is unfit. Normalised again, a key's text gives that key.
 */
export function normalisePhone(raw: string, { region }: { region: string | null }): Normalised {
  if (raw.length > LENGTH_MAX) return { kind: 'unfit', why: UNFIT.tooLong }
  const { number: written, extension } = takeApart(cleanText(raw).replaceAll(/\p{M}/gu, '').toLowerCase())
  if (!WRITTEN.test(written)) return { kind: 'unfit', why: UNFIT.impossible }

  const country = region?.toUpperCase() ?? null
  const dialled = readings(written, country !== null && isSupportedCountry(country) ? country : null)
  if (dialled.length === 0) return { kind: 'unfit', why: UNFIT.noCountry }
  const lines = dialled.flatMap((each) => parse(each) ?? [])
  const best = lines.find(({ current }) => current.isValid()) ?? lines[0]
  if (!best) return { kind: 'unfit', why: UNFIT.impossible }
  return isFiller(best.current) ? { kind: 'unfit', why: UNFIT.filler } : described(best, extension)
}

/** `tel:` with its parameters, a word before the number, the extension after it, and letters for digits. */
function takeApart(text: string): { number: string; extension: string | null } {
  const context = /;phone-context=(\+\d{1,3})/.exec(text)?.[1] ?? ''
  const plain = text.replace(/;phone-context=[^;]*/, '').replace(LABEL, '')
  const found = EXTENSION.exec(plain)
  const number = found ? plain.slice(0, found.index) : plain
  const isSpelled = /^[+\d(]/.test(number) && (number.match(/[a-z]/g)?.length ?? 0) >= 3
  const digits = isSpelled
    ? number.replaceAll(/[a-z]/g, (letter) => String(KEYPAD.findIndex((key) => key.includes(letter))))
    : number
  return { number: context + digits, extension: found?.[1] ?? null }
}

type Dialled = { digits: string; country: CountryCode | null }
/** A number as it was sent, and as the same line is dialled now. */
type Line = { dialled: PhoneNumber; current: PhoneNumber }

/** What the digits may mean, likeliest first. */
function readings(written: string, country: CountryCode | null): Dialled[] {
  const digits = written.replaceAll(/\D/g, '')
  const abroad = (rest: string) => ({ digits: `+${rest}`, country: null })
  if (written.includes('+')) {
    return [abroad(digits), abroad(written.replaceAll('(0)', '').replaceAll(/\D/g, ''))]
  }
  return [
    ...(country === null ? [] : [{ digits, country }]),
    ...(/^00[1-9]/.test(digits) ? [abroad(digits.slice(2))] : []),
    ...(/^011[1-9]/.test(digits) ? [abroad(digits.slice(3))] : []),
  ]
}

/**
 * The number when it has a length that numbers of its country have, by today's plan or the one before; without a country code, when the
 * plan has it.
 */
function parse({ digits, country }: Dialled): Line | null {
  const written = parsePhoneNumberFromString(digits, { extract: false, ...(country && { defaultCountry: country }) })
  const dialled = written && settled(written)
  if (!dialled) return null
  const current = today(dialled)
  const isFit = country === null ? dialled.isPossible() || current !== dialled : current.isValid()
  return isFit ? { dialled, current } : null
}

/** Read until it stays the same: where a trunk prefix is two zeros, behind one there may be another. */
function settled(phone: PhoneNumber): PhoneNumber | null {
  const again = parsePhoneNumberFromString(phone.number)
  return again && again.number !== phone.number ? settled(again) : (again ?? null)
}

/** The same line as it is dialled now. */
function today(phone: PhoneNumber): PhoneNumber {
  const number = RENUMBERED.reduce((text, [old, now]) => text.replace(old, now), phone.number)
  return (number === phone.number ? null : parsePhoneNumberFromString(number)) ?? phone
}

/** Whether the subscriber's part is one digit or counts up: the last seven digits, or six and more that are written as one group. */
function isFiller(phone: PhoneNumber): boolean {
  const groups = phone.formatNational().match(/\d{6,}/g) ?? []
  return [phone.nationalNumber.slice(-7), ...groups].some((part) => REPEATED.test(part) || COUNTED.includes(part))
}

function described({ dialled, current }: Line, extension: string | null): Normalised {
  const { number, countryCallingCode, nationalNumber } = current
  const type = current.getType()
  const telling = type && TELLING[type]
  return {
    kind: 'fit',
    keys: [
      { form: 'exact', text: `exact/${dialled.number}${extension === null ? '' : `;ext=${extension}`}` },
      { form: 'canonical', text: `canonical/${number}` },
    ],
    hint: `+${countryCallingCode} ••• ••${nationalNumber.slice(-2)}`,
    flags: [
      ...(telling ? [telling] : []),
      ...(current.isValid() ? [] : ['unassigned']),
      ...(extension === null ? [] : ['extension']),
    ],
  }
}
