import { createHmac } from 'node:crypto'
import { stringify } from 'lossless-json'
import { absurd, otherId } from './absurd.ts'
import { isGoodToken, mintToken } from './bearer.ts'
import { countCall, takeFault, wobbler } from './control.ts'
import { findInvented } from './invented.ts'
import type { Clock } from '../lib/clock.ts'
import type { Random } from '../lib/ids.ts'
import type { App } from './alibaba1688.ts'
import type { Control, Fault, Wobbler } from './control.ts'
import type { Invented, InventedOption } from './invented.ts'
import type { Call, Reply } from './listen.ts'

const TOKEN_MS = 30 * 86_400_000

/** The gateway of Taobao Global: item detail and token refresh. Refresh tokens are good for one refresh. */
export function taobaoGlobalServer(app: App, control: Control, clock: Clock, random: Random) {
  const spent = new Set<string>()
  return (call: Call): Reply => {
    const given = new URLSearchParams([...call.query, ...new URLSearchParams(call.body)])
    const path = call.path.replace(/^\/rest/, '')
    const id = given.get('item_id') ?? ''
    countCall(control, path === '/auth/token/refresh' ? 'token' : `taobao/${id}`)
    const fault = takeFault(control)
    if (fault === 'down') return 'drop'
    if (fault === 'timeout') return 'hold'
    if (fault === 'http-500') return { status: 503, body: 'unavailable' }
    if (fault === 'garbage') return { status: 200, body: 'OK' }
    if (fault === 'too-large') return { status: 200, body: `{"data":"${'x'.repeat(9_000_000)}"}` }

    const refused = signatureProblem(app, path, given)
    if (refused) return refused
    if (path === '/auth/token/refresh') return refresh(app, given.get('refresh_token') ?? '', spent, clock)
    const good = isGoodToken(app.appSecret, given.get('access_token') ?? '', clock.now())
    if (fault === 'token-expired' || !good)
      return gateway('ISV', 'IllegalAccessToken', 'The token is invalid or expired')
    return detail(path, id, fault, wobbler(random, control.wobble))
  }
}

function json(body: unknown): { status: number; body: string } {
  return { status: 200, body: stringify(body)! }
}

function gateway(type: 'ISV' | 'ISP' | 'SYSTEM', code: string, message: string): Reply {
  return json({ type, code, message, request_id: 'invented' })
}

function signatureProblem(app: App, path: string, given: URLSearchParams): Reply | null {
  if (given.get('app_key') !== app.appKey) return gateway('ISV', 'InvalidAppKey', 'unknown app')
  const pairs = [...given].filter(([key]) => key !== 'sign').sort(([one], [other]) => (one < other ? -1 : 1))
  const signed = path + pairs.map(([key, value]) => `${key}${value}`).join('')
  const expected = createHmac('sha256', app.appSecret).update(Buffer.from(signed, 'utf8')).digest('hex').toUpperCase()
  const fits = given.get('sign') === expected && given.get('sign_method') === 'sha256'
  return fits ? null : gateway('ISV', 'IncompleteSignature', 'The signature does not fit')
}

function refresh(app: App, token: string, spent: Set<string>, clock: Clock): Reply {
  const good = token === app.refreshToken || isGoodToken(`${app.appSecret}/refresh`, token, clock.now())
  if (!good || spent.has(token)) return gateway('ISV', 'IllegalRefreshToken', 'The refresh token is invalid')
  spent.add(token)
  const endsAt = new Date(clock.now().getTime() + TOKEN_MS)
  return json({
    code: '0',
    access_token: mintToken(app.appSecret, endsAt),
    // A second apart for each, so that two refreshes in one second do not give the same token.
    refresh_token: mintToken(`${app.appSecret}/refresh`, new Date(endsAt.getTime() + TOKEN_MS + spent.size * 1_000)),
    expires_in: TOKEN_MS / 1_000,
    refresh_expires_in: (2 * TOKEN_MS) / 1_000,
    account: 'invented',
  })
}

function detail(path: string, id: string, fault: Fault, say: Wobbler): Reply {
  if (fault === 'throttled') return gateway('ISV', 'ApiCallLimit', 'Too many calls')
  if (fault === 'quota' || path !== '/traffic/item/get') return gateway('ISV', 'InsufficientPermission', 'not allowed')
  if (fault === 'error') return gateway('ISP', 'ServiceTimeout', 'try again')
  if (id === '') return gateway('ISV', 'MissingParameter', 'item_id is missing')

  const product = findInvented(fault === 'wrong-id' ? otherId(id) : id)
  const envelope = { code: '0', request_id: 'invented', _trace_id_: '', biz_error_code: null, biz_error_msg: null }
  if (!product)
    return json({ ...envelope, biz_error_code: 'ITEM_NOT_FOUND', biz_error_msg: 'no such item', data: null })
  const whole = json({ ...envelope, data: printItem(say, absurd(product, fault)) })
  return fault === 'truncated' ? { status: 200, body: whole.body.slice(0, whole.body.length / 2) } : whole
}

function printItem(say: Wobbler, product: Invented) {
  return {
    item_resource: 'taobao',
    item_id: say.id(product.id),
    title: product.title[0],
    pic_urls: product.images.map((image) => say.address(image)),
    shop_name: product.sellerName,
    shop_id: say.id(product.sellerId),
    price: say.whole(product.originalPriceFen),
    promotion_price: say.whole(product.priceFen),
    coupon_price: product.priceFen - 100,
    description: product.paragraphs.map((line) => `<p>${line}</p>`).join('') + `<img src="//${product.detailImage}">`,
    properties: printAttributes(product, 0),
    sku_list: product.skus.map((sku) => ({
      sku_id: say.id(sku.skuId),
      quantity: say.whole(sku.stock),
      price: sku.priceFen + 1_000,
      promotion_price: say.whole(sku.priceFen),
      coupon_price: say.nothing(),
      pic_url: say.nothing(),
      properties: printPicks(product.options, sku.picks, 0),
    })),
    property_image_list: product.options.flatMap(({ pid, values }) =>
      values.flatMap(({ vid, image }) =>
        image ? [{ properties: `${pid}:${vid}`, image_url: say.address(image) }] : [],
      ),
    ),
    tags: [],
    multi_language_info: {
      language: 'en',
      title: product.title[1],
      main_image_url: '',
      properties: printAttributes(product, 1),
      sku_properties: product.skus.map((sku) => ({
        sku_id: say.id(sku.skuId),
        properties: printPicks(product.options, sku.picks, 1),
      })),
    },
  }
}

function printAttributes(product: Invented, language: 0 | 1) {
  return product.attributes.map(({ name, value }, at) => ({
    prop_id: 20_000 + at,
    prop_name: name[language],
    value_id: 90_000 + at,
    value_name: value[language],
  }))
}

function printPicks(options: readonly InventedOption[], picks: readonly number[], language: 0 | 1) {
  return options.map(({ pid, name, values }, at) => {
    const value = values[picks[at]!]!
    return {
      prop_id: Number(pid),
      prop_name: name[language],
      value_id: Number(value.vid),
      value_name: value.name[language],
    }
  })
}
