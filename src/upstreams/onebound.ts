import { stringify } from 'lossless-json'
import { absurd, otherId } from './absurd.ts'
import { countCall, takeFault, wobbler } from './control.ts'
import { findInvented } from './invented.ts'
import type { Random } from '../lib/ids.ts'
import type { Control, Fault, Wobbler } from './control.ts'
import type { Invented, InventedOption, InventedSku } from './invented.ts'
import type { Call, Reply } from './listen.ts'

export type OneboundAccount = { key: string; secret: string; dailyCalls: number }

const PLATFORMS = new Set(['taobao', '1688', 'micro', 'goodfish'])

/** `GET /{platform}/item_get/`: always HTTP 200, what happened is in the body. */
export function oneboundServer(account: OneboundAccount, control: Control, random: Random) {
  let today = 0
  return (call: Call): Reply => {
    const [, platform = '', api = ''] = call.path.split('/')
    const given = new URLSearchParams([...call.query, ...new URLSearchParams(call.body)])
    const id = given.get('num_iid') ?? ''
    const problem = credentialProblem(account, given) ?? callProblem(platform, api, id)
    countCall(control, `${platform}/${id}`)
    const fault = takeFault(control)
    if (fault === 'down') return 'drop'
    if (fault === 'timeout') return 'hold'
    if (fault === 'http-500') return { status: 500, body: '<html>Internal Server Error</html>' }
    if (fault === 'garbage') return { status: 200, body: '<html><body>nginx</body></html>' }
    if (fault === 'too-large') return { status: 200, body: `{"item":{"desc":"${'x'.repeat(9_000_000)}"}}` }

    today += 1
    const say = wobbler(random, control.wobble)
    const refused = problem ?? faultProblem(fault)
    const spent = fault === 'quota' ? account.dailyCalls : Math.min(today, account.dailyCalls - 1)
    const envelope = { api_type: platform, call_args: { num_iid: id }, ...frame(say, spent, account.dailyCalls) }
    if (refused) return json({ error: refused[1], reason: refused[1], error_code: refused[0], ...envelope })
    const product = findInvented(fault === 'wrong-id' ? otherId(id) : id)
    if (!product) return json({ item: [], error: '', reason: 'no result', error_code: '2000', ...envelope })

    const lang = given.get('lang') || 'cn'
    const item = printItem(say, platform, absurd(product, fault), lang === 'cn' ? 0 : 1)
    const language = { default_lang: 'cn', current_lang: lang }
    const whole = json({ item, error: '', reason: '', error_code: '0000', ...envelope, language })
    return fault === 'truncated' ? { status: 200, body: whole.body.slice(0, whole.body.length / 2) } : whole
  }
}

function json(body: unknown): { status: number; body: string } {
  return { status: 200, body: stringify(body)! }
}

function credentialProblem(account: OneboundAccount, given: URLSearchParams): [string, string] | null {
  if (given.get('key') !== account.key) return ['4004', 'account not found']
  return given.get('secret') === account.secret ? null : ['4005', 'invalid credentials']
}

function callProblem(platform: string, api: string, id: string): [string, string] | null {
  if (!PLATFORMS.has(platform) || api !== 'item_get') return ['4003', 'unknown interface']
  return id === '' ? ['4003', 'num_iid is missing'] : null
}

function faultProblem(fault: Fault): [string, string] | null {
  if (fault === 'error' || fault === 'token-expired') return ['4000', 'internal error']
  // The vendor has no code of its own for calls that come too fast.
  return fault === 'quota' || fault === 'throttled' ? ['4016', 'recharge needed'] : null
}

function frame(say: Wobbler, today: number, most: number) {
  return {
    cache: say.whole(0),
    api_info: `today:${today} max:${most} all[${today}=${today}+0+0];expires:2099-12-31`,
    execution_time: say.any<string | number>(['0.120', 0.12]),
    server_time: 'Beijing/2026-01-01 00:00:00',
    client_ip: '192.0.2.1',
    translate_status: say.nothing(),
    request_id: 'gw-1.invented',
  }
}

function printItem(say: Wobbler, platform: string, product: Invented, language: 0 | 1) {
  const { options } = product
  const pictures = options.flatMap(({ pid, values }) =>
    values.flatMap(({ vid, image }) => (image ? [{ properties: `${pid}:${vid}`, url: say.address(image) }] : [])),
  )
  const gallery = product.images.map((image) => ({ url: say.address(image) }))
  return {
    num_iid: say.id(product.id),
    title: product.title[language],
    price: say.yuan(product.priceFen),
    total_price: say.any<unknown>([0, '']),
    orginal_price: say.yuan(product.originalPriceFen),
    nick: product.sellerName,
    num: say.whole(product.stock),
    min_num: platform === '1688' ? say.whole(product.minimumOrder) : say.any<unknown>([0, '', '0']),
    pic_url: gallery[0]!.url,
    brand: say.nothing(),
    brandId: say.nothing(),
    cid: product.categoryId,
    desc: describe(say, product),
    desc_img: say.any<unknown>([[say.address(product.detailImage)], say.nothing()]),
    item_imgs: gallery,
    item_weight: say.any<unknown>([`${product.weightGrams}g`, `${product.weightGrams / 1_000}kg`]),
    item_size: product.sidesCm.join('*'),
    location: `${product.province}${say.any(['', '省', ' '])}${product.city}`.replace(/^上海.*/, '上海'),
    post_fee: say.nothing(),
    props_name: options.flatMap((option) => names(option, language)).join(';'),
    props_list: Object.fromEntries(options.flatMap((option) => labels(option, language))),
    props_img: say.any<unknown>([Object.fromEntries(pictures.map((each) => [each.properties, each.url])), []]),
    prop_imgs: { prop_img: pictures },
    props: product.attributes.map(({ name, value }) => ({ name: name[language], value: value[language] })),
    skus: printSkus(say, product, language),
    total_sold: say.whole(product.sales),
    seller_id: say.id(product.sellerId),
    seller_info: { nick: product.sellerName, shop_name: product.sellerName, zhuy: say.address('shop.example.com/') },
    tmall: platform === 'taobao' ? say.any<unknown>(product.tmall ? [true, 'true', 1] : [false, 'false']) : '',
    ...(platform === '1688' ? printWholesale(say, product, language) : {}),
    error: '',
  }
}

/** Text in markup, a script, a hidden pixel of the vendor and a picture of the shop. */
function describe(say: Wobbler, product: Invented): string {
  const text = product.paragraphs.map((line) => `<p>${line.replace('&', '&amp;')}</p>`).join('\n')
  const pixel = '<img src="https://www.o0b.cn/i.php?t.png&rid=gw-1.invented" style="display:none" />'
  return `${text}<script>var p = "<b>no text</b>"</script><img src="${say.address(product.detailImage)}">${pixel}`
}

function names({ pid, name, values }: InventedOption, language: 0 | 1): string[] {
  return values.map((value) => `${pid}:${value.vid}:${name[language]}:${value.name[language]}`)
}

function labels({ pid, name, values }: InventedOption, language: 0 | 1): [string, string][] {
  return values.map((value) => [`${pid}:${value.vid}`, `${name[language]}:${value.name[language]}`])
}

function printSkus(say: Wobbler, product: Invented, language: 0 | 1): unknown {
  if (product.skus.length === 0) return say.any<unknown>([{ sku: [] }, [], null, ''])
  return { sku: product.skus.map((sku) => printSku(say, product.options, sku, language)) }
}

function printSku(say: Wobbler, options: readonly InventedOption[], sku: InventedSku, language: 0 | 1) {
  const chosen = options.map((option, at) => ({ option, value: option.values[sku.picks[at]!]! }))
  return {
    sku_id: say.id(sku.skuId),
    spec_id: sku.specId,
    price: say.yuan(sku.priceFen),
    total_price: say.any<unknown>([0, '']),
    orginal_price: say.yuan(sku.priceFen + 1_000),
    properties: chosen.map(({ option, value }) => `${option.pid}:${value.vid}`).join(';'),
    properties_name: chosen
      .map(({ option, value }) => `${option.pid}:${value.vid}:${option.name[language]}:${value.name[language]}`)
      .join(';'),
    quantity: say.whole(sku.stock),
  }
}

function printWholesale(say: Wobbler, product: Invented, language: 0 | 1) {
  return {
    unit: product.unit[language],
    priceRange: product.ranges.map(({ quantity, priceFen }) => [say.whole(quantity), say.yuan(priceFen)]),
  }
}
