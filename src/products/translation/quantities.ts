type Write = (amount: string) => string

const counted =
  (one: string, many: string): Write =>
  (amount) =>
    `${amount} ${amount === '1' ? one : many}`
const measured =
  (symbol: string): Write =>
  (amount) =>
    `${amount} ${symbol}`

const pieces = counted('pc', 'pcs')
const pairs = counted('pair', 'pairs')
const sets = counted('set', 'sets')
const years = counted('year', 'years')
/** A jin is half a kilogram, and shoppers elsewhere do not know it. */
const jin: Write = (amount) =>
  `${amount
    .split('-')
    .map((each) => String(Number(each) / 2))
    .join('-')} kg`

/** What is left to pay, in tenths; with two digits (85折) in hundredths. */
const discount: Write = (amount) => {
  const percents = amount.split('-').map((each) => Math.round(Number(each) * (Number(each) > 10 ? 100 : 1_000)) / 100)
  return `${percents.join('-')}% of the price`
}

/** How a number before each measure word is written in English. */
const UNITS: Readonly<Record<string, Write>> = {
  件: pieces,
  个: pieces,
  只: pieces,
  条: pieces,
  片: pieces,
  块: pieces,
  支: pieces,
  根: pieces,
  把: pieces,
  顶: pieces,
  枚: pieces,
  粒: pieces,
  颗: pieces,
  张: counted('sheet', 'sheets'),
  抽: counted('sheet', 'sheets'),
  双: pairs,
  对: pairs,
  副: pairs,
  件套: (amount) => `${amount}-piece set`,
  套: sets,
  组: sets,
  台: counted('unit', 'units'),
  瓶: counted('bottle', 'bottles'),
  罐: counted('can', 'cans'),
  盒: counted('box', 'boxes'),
  箱: counted('carton', 'cartons'),
  袋: counted('bag', 'bags'),
  包: counted('pack', 'packs'),
  卷: counted('roll', 'rolls'),
  本: counted('book', 'books'),
  打: counted('dozen', 'dozen'),
  色: counted('colour', 'colours'),
  款: counted('style', 'styles'),
  人: counted('person', 'people'),
  层: counted('layer', 'layers'),
  格: counted('compartment', 'compartments'),
  孔: counted('hole', 'holes'),
  档: counted('setting', 'settings'),
  倍: (amount) => `${amount} times`,
  折: discount,
  码: (amount) => `size ${amount}`,
  号: (amount) => `No. ${amount}`,
  度: (amount) => `${amount}°`,
  米: measured('m'),
  厘米: measured('cm'),
  公分: measured('cm'),
  毫米: measured('mm'),
  英寸: measured('inch'),
  寸: measured('inch'),
  升: measured('L'),
  毫升: measured('ml'),
  克: measured('g'),
  千克: measured('kg'),
  公斤: measured('kg'),
  斤: jin,
  瓦: measured('W'),
  伏: measured('V'),
  毫安: measured('mAh'),
  毫安时: measured('mAh'),
  秒: measured('s'),
  分钟: measured('min'),
  小时: counted('hour', 'hours'),
  天: counted('day', 'days'),
  个月: counted('month', 'months'),
  // 2026年 names a year, 2年 counts them.
  年: (amount) => (Number(amount) >= 1900 ? amount : years(amount)),
  岁: years,
  周岁: years,
  元: measured('yuan'),
}

const NUMERALS = '一二三四五六七八九十'
const UNIT = Object.keys(UNITS)
  .sort((a, b) => b.length - a.length)
  .join('|')

/** A number or a range in digits with its measure word; 装 makes it a pack. Sticky: the caller sets `lastIndex`. */
const IN_DIGITS = new RegExp(
  String.raw`(\d{1,9}(?:\.\d{1,4})?)(?:\s?[-~－～—至到]\s?(\d{1,9}(?:\.\d{1,4})?))?\s?(${UNIT})(装?)`,
  'uy',
)
const IN_WORDS = new RegExp(`([${NUMERALS}两])(${UNIT})(装?)`, 'uy')

export type Quantity = { text: string; length: number }

/** Reads a quantity in digits, such as 3双装 or 80-100斤, that begins at `at`; null when there is none. */
export function quantityAt(text: string, at: number): Quantity | null {
  IN_DIGITS.lastIndex = at
  const match = IN_DIGITS.exec(text)
  if (!match) return null
  const [whole, from, to, unit, pack] = match
  return { text: write(to === undefined ? from! : `${from}-${to}`, unit!, pack!), length: whole.length }
}

/** Reads a quantity in Chinese numerals, such as 两件, that begins at `at`; null when there is none. */
export function wordedQuantityAt(text: string, at: number): Quantity | null {
  IN_WORDS.lastIndex = at
  const match = IN_WORDS.exec(text)
  if (!match) return null
  const [whole, numeral, unit, pack] = match
  const amount = numeral === '两' ? 2 : NUMERALS.indexOf(numeral!) + 1
  return { text: write(String(amount), unit!, pack!), length: whole.length }
}

function write(amount: string, unit: string, pack: string): string {
  const text = UNITS[unit]!(amount)
  return pack ? `pack of ${text.replace(/ pcs?$/, '')}` : text
}
