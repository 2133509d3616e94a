/** What an address must have beside name, phone, city and street. */
export type PostalForm = {
  required: readonly ('state' | 'zipCode')[]
  /** The form of the country's postal codes with an example, or null where there are none or none is known. */
  zipCode: { pattern: RegExp; example: string } | null
}

function form(required: PostalForm['required'], pattern: RegExp, example: string): PostalForm {
  return { required, zipCode: { pattern, example } }
}

/** Of a country that is not listed nothing more is known. */
const UNKNOWN: PostalForm = { required: [], zipCode: null }
const BOTH = ['state', 'zipCode'] as const
const ZIP = ['zipCode'] as const
const STATE = ['state'] as const

const FORMS: Readonly<Record<string, PostalForm>> = {
  AE: { required: STATE, zipCode: null },
  AR: form(ZIP, /^(?:[A-Z]?\d{4}|[A-Z]\d{4}[A-Z]{3})$/i, 'C1425CLA'),
  AT: form(ZIP, /^\d{4}$/, '1010'),
  AU: form(BOTH, /^\d{4}$/, '2000'),
  BE: form(ZIP, /^\d{4}$/, '1000'),
  BG: form(ZIP, /^\d{4}$/, '1000'),
  BR: form(BOTH, /^\d{5}-?\d{3}$/, '01310-100'),
  CA: form(BOTH, /^[A-Z]\d[A-Z][ -]?\d[A-Z]\d$/i, 'K1A 0B1'),
  CH: form(ZIP, /^\d{4}$/, '8001'),
  CL: form([], /^\d{3}-?\d{4}$/, '8320000'),
  CN: form(BOTH, /^\d{6}$/, '518000'),
  CO: form(STATE, /^\d{6}$/, '110111'),
  CY: form(ZIP, /^\d{4}$/, '1010'),
  CZ: form(ZIP, /^\d{3} ?\d{2}$/, '110 00'),
  DE: form(ZIP, /^\d{5}$/, '10115'),
  DK: form(ZIP, /^\d{4}$/, '1050'),
  EE: form(ZIP, /^\d{5}$/, '10111'),
  ES: form(BOTH, /^\d{5}$/, '28013'),
  FI: form(ZIP, /^\d{5}$/, '00100'),
  FR: form(ZIP, /^\d{2} ?\d{3}$/, '75001'),
  GB: form(ZIP, /^[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}$/i, 'SW1A 1AA'),
  GR: form(ZIP, /^\d{3} ?\d{2}$/, '105 57'),
  HK: { required: [], zipCode: null },
  HR: form(ZIP, /^\d{5}$/, '10000'),
  HU: form(ZIP, /^\d{4}$/, '1051'),
  ID: form(STATE, /^\d{5}$/, '10110'),
  IE: form([], /^[A-Z]\d[\dW] ?[A-Z\d]{4}$/i, 'D02 X285'),
  IL: form(ZIP, /^\d{5}(?:\d{2})?$/, '9414101'),
  IN: form(BOTH, /^\d{3} ?\d{3}$/, '110001'),
  IS: form(ZIP, /^\d{3}$/, '101'),
  IT: form(BOTH, /^\d{5}$/, '00184'),
  JP: form(BOTH, /^\d{3}-?\d{4}$/, '100-0001'),
  KR: form(BOTH, /^\d{5}$/, '04524'),
  KZ: form([], /^\d{6}$/, '010000'),
  LT: form(ZIP, /^(?:LT-?)?\d{5}$/i, '01103'),
  LU: form(ZIP, /^(?:L-?)?\d{4}$/i, '1111'),
  LV: form(ZIP, /^(?:LV-?)?\d{4}$/i, 'LV-1050'),
  MO: { required: [], zipCode: null },
  MT: form(ZIP, /^[A-Z]{3} ?\d{4}$/i, 'VLT 1117'),
  MX: form(BOTH, /^\d{5}$/, '06000'),
  MY: form(BOTH, /^\d{5}$/, '50050'),
  NL: form(ZIP, /^\d{4} ?[A-Z]{2}$/i, '1012 AB'),
  NO: form(ZIP, /^\d{4}$/, '0150'),
  NZ: form(ZIP, /^\d{4}$/, '6011'),
  PH: form([], /^\d{4}$/, '1000'),
  PL: form(ZIP, /^\d{2}-?\d{3}$/, '00-001'),
  PT: form(ZIP, /^\d{4}-?\d{3}$/, '1100-148'),
  QA: { required: [], zipCode: null },
  RO: form(ZIP, /^\d{6}$/, '010011'),
  RS: form([], /^\d{5}$/, '11000'),
  SA: form(ZIP, /^\d{5}(?:-?\d{4})?$/, '11564'),
  SE: form(ZIP, /^\d{3} ?\d{2}$/, '111 22'),
  SG: form(ZIP, /^\d{6}$/, '018956'),
  SI: form(ZIP, /^(?:SI-?)?\d{4}$/i, '1000'),
  SK: form(ZIP, /^\d{3} ?\d{2}$/, '811 01'),
  TH: form(ZIP, /^\d{5}$/, '10200'),
  TR: form(ZIP, /^\d{5}$/, '34110'),
  TW: form(ZIP, /^\d{3}(?:\d{2,3})?$/, '100'),
  UA: form(ZIP, /^\d{5}$/, '01001'),
  US: form(BOTH, /^\d{5}(?:-?\d{4})?$/, '90001'),
  VN: form([], /^\d{5,6}$/, '100000'),
  ZA: form(ZIP, /^\d{4}$/, '8001'),
}

const NAMES = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' })
/** Regions that have a name and a code, and no postal service. */
const NO_COUNTRIES: ReadonlySet<string> = new Set(['EU', 'EZ', 'QO', 'UN', 'XA', 'XB', 'ZZ'])

/** Whether two capital letters are the code of a country, or of a part of one that has its own. */
export function isCountry(code: string): boolean {
  return !NO_COUNTRIES.has(code) && NAMES.of(code) !== undefined
}

/** What the postal service of a country (two capital letters) asks for. */
export function postalFormOf(country: string): PostalForm {
  return Object.hasOwn(FORMS, country) ? FORMS[country]! : UNKNOWN
}
