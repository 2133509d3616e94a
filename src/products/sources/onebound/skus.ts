import { pictureUrl } from '../pictures.ts'
import { digits, fenOfYuan, record, rows, text, whole } from '../wobble.ts'
import type { Choice, SpeltSku } from '../options.ts'

type Fields = Readonly<Record<string, unknown>>

const CHOICES_MAX = 20
const PAIR = /^(-?\d{1,20}):(-?\d{1,20})$/

/** Every value that the item lists apart from its skus, in the upstream's order. */
export function readKnown(item: Fields): Choice[] {
  const images = readValueImages(item)
  const known = new Map<string, Choice>()
  for (const [pair, label] of Object.entries(record(item['props_list']))) {
    const [name, ...rest] = (text(label) ?? '').split(':')
    keep(known, images, pair, name, rest.join(':'))
  }
  for (const { pair, name, value } of readNames(item['props_name'])) keep(known, images, pair, name, value)
  return [...known.values()]
}

function keep(known: Map<string, Choice>, images: Map<string, string>, pair: string, name = '', value = ''): void {
  const match = PAIR.exec(pair.trim())
  if (!match || known.has(match[0])) return
  if (text(name) === null || text(value) === null) return
  const image = images.get(match[0]) ?? null
  known.set(match[0], {
    optionId: match[1]!,
    optionName: text(name)!,
    valueId: match[2]!,
    valueName: text(value)!,
    image,
  })
}

/**
 * "pid:vid:name:value;…" in its parts. A pid may be negative or tiny. Names and values are free text: the first three
 * colons split, and a semicolon splits only where a new "pid:vid:" follows.
 */
function readNames(value: unknown): { pair: string; name: string; value: string }[] {
  return (text(value) ?? '').split(/;(?=-?\d{1,20}:-?\d{1,20}:)/).map((part) => {
    const [pid = '', vid = '', name = '', ...rest] = part.split(':')
    return { pair: `${pid.trim()}:${vid.trim()}`, name, value: rest.join(':').replace(/;+$/, '') }
  })
}

/** "pid:vid" to the picture of that value. The upstream writes it in up to three places. */
function readValueImages(item: Fields): Map<string, string> {
  const listed = ['props_imgs', 'prop_imgs'].flatMap((key) => rows(record(item[key])['prop_img']))
  const entries = [
    ...listed.map((row): [unknown, unknown] => [row['properties'], row['url']]),
    ...Object.entries(record(item['props_img'])),
  ]
  const images = new Map<string, string>()
  for (const [pair, address] of entries) {
    const url = pictureUrl(address)
    const name = text(pair)
    if (url && name && !images.has(name)) images.set(name, url)
  }
  return images
}

/** The skus, their choices spelt out. One without an id of its own cannot be ordered and is left out. */
export function readSkus(item: Fields, known: readonly Choice[]): SpeltSku[] {
  const byPair = new Map(known.map((choice) => [`${choice.optionId}:${choice.valueId}`, choice]))
  // `skus` is {sku: [...]}, or the bare list.
  const listed = rows(record(item['skus'])['sku'])
  return (listed.length > 0 ? listed : rows(item['skus'])).flatMap((row) => {
    const skuId = digits(row['sku_id'])
    if (skuId === null) return []
    const choices = readChoices(row, byPair)
    return [
      {
        skuId,
        specId: text(row['spec_id']),
        choices,
        priceFen: fenOfYuan(row['price']),
        originalPriceFen: fenOfYuan(row['orginal_price']) ?? fenOfYuan(row['original_price']),
        stock: whole(row['quantity']),
        image: pictureUrl(row['pic_url'] ?? row['image']) ?? choices.find(({ image }) => image)?.image ?? null,
      },
    ]
  })
}

function readChoices(row: Fields, byPair: ReadonlyMap<string, Choice>): Choice[] {
  const names = new Map(readNames(row['properties_name']).map((each) => [each.pair, each]))
  const pairs = (text(row['properties']) ?? '').split(';').map((pair) => pair.trim())
  const spelt = (pairs.some((pair) => PAIR.test(pair)) ? pairs : [...names.keys()])
    .slice(0, CHOICES_MAX)
    .flatMap((pair) => {
      const match = PAIR.exec(pair)
      if (!match) return []
      const told = names.get(pair)
      const listed = byPair.get(pair)
      return [
        {
          optionId: match[1]!,
          // A value without any name is still a choice: its id tells it from the others.
          optionName: listed?.optionName ?? text(told?.name) ?? match[1]!,
          valueId: match[2]!,
          valueName: listed?.valueName ?? text(told?.value) ?? match[2]!,
          image: listed?.image ?? null,
        },
      ]
    })
  return spelt.filter((one, at) => spelt.findIndex(({ optionId }) => optionId === one.optionId) === at)
}
