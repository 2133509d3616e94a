import { createHmac } from 'node:crypto'
import { stringify } from 'lossless-json'
import { absurd, otherId } from './absurd.ts'
import { isGoodToken, mintToken } from './bearer.ts'
import { countCall, takeFault, wobbler } from './control.ts'
import { findInvented } from './invented.ts'
import type { Clock } from '../lib/clock.ts'
import type { Random } from '../lib/ids.ts'
import type { Control, Fault, Wobbler } from './control.ts'
import type { Invented, InventedSku } from './invented.ts'
import type { Call, Reply } from './listen.ts'

export type App = { appKey: string; appSecret: string; refreshToken: string }

const TOKEN_MS = 36_000_000
const PRODUCT_DETAIL = 'com.alibaba.fenxiao.crossborder/product.search.queryProductDetail'

/** The gateway of the 1688 open platform: product detail and token refresh. */
export function alibaba1688Server(app: App, control: Control, clock: Clock, random: Random) {
  return (call: Call): Reply => {
    const form = new URLSearchParams(call.body)
    const token = call.path === `/openapi/http/1/system.oauth2/getToken/${app.appKey}`
    const offerId = /"offerId"\s*:\s*"?(\d{1,20})"?\s*[,}]/.exec(form.get('offerDetailParam') ?? '')?.[1] ?? ''
    countCall(control, token ? 'token' : `1688/${offerId}`)
    const fault = takeFault(control)
    if (fault === 'down') return 'drop'
    if (fault === 'timeout') return 'hold'
    if (fault === 'http-500') return { status: 502, body: 'Bad Gateway' }
    if (fault === 'garbage') return { status: 200, body: '<html></html>' }
    if (fault === 'too-large') return { status: 200, body: `{"result":"${'x'.repeat(9_000_000)}"}` }
    if (token) return refresh(app, form, clock)
    return detail({ app, call, form, offerId, fault, clock, say: wobbler(random, control.wobble) })
  }
}

function json(status: number, body: unknown): { status: number; body: string } {
  return { status, body: stringify(body)! }
}

function gateway(status: number, code: string, message: string): Reply {
  return json(status, { error_code: code, error_message: message, request_id: 'invented' })
}

/** The refresh token stays the same and is left out of the answer. */
function refresh(app: App, form: URLSearchParams, clock: Clock): Reply {
  const known = form.get('client_id') === app.appKey && form.get('client_secret') === app.appSecret
  const good = form.get('grant_type') === 'refresh_token' && form.get('refresh_token') === app.refreshToken
  if (!known || !good) return gateway(400, 'gw.ParamInvalid', 'the refresh token is not known')
  const access = mintToken(app.appSecret, new Date(clock.now().getTime() + TOKEN_MS))
  return json(200, {
    aliId: '1000000',
    memberId: 'invented',
    access_token: access,
    expires_in: String(TOKEN_MS / 1_000),
  })
}

type Detail = { app: App; call: Call; form: URLSearchParams; offerId: string; fault: Fault; clock: Clock; say: Wobbler }

function detail({ app, call, form, offerId, fault, clock, say }: Detail): Reply {
  const path = call.path.replace(/^\/openapi\//, '')
  if (call.method !== 'POST' || !path.endsWith(`/${app.appKey}`)) return gateway(400, 'gw.AppKeyInvalid', 'unknown app')
  if (!form.has('_aop_signature')) return gateway(400, 'gw.SignatureMissing', 'the signature is missing')
  if (form.get('_aop_signature') !== signatureOf(app.appSecret, path, form)) {
    return gateway(400, 'gw.SignatureInvalid', 'the signature does not fit')
  }
  if (fault === 'throttled') return gateway(400, 'gw.QosAppFrequencyLimit', 'App call exceeds limited frequency')
  if (fault === 'token-expired' || !isGoodToken(app.appSecret, form.get('access_token') ?? '', clock.now())) {
    return gateway(401, '401', 'Request need user authorized')
  }
  if (fault === 'quota' || path !== `param2/1/${PRODUCT_DETAIL}/${app.appKey}`) {
    return gateway(400, 'gw.APIACLDecline', 'the app may not call this')
  }
  if (fault === 'error') return gateway(500, 'gw.SystemError', 'try again')
  if (offerId === '') return gateway(400, 'gw.ParamMissing', 'offerDetailParam is missing')

  const product = findInvented(fault === 'wrong-id' ? otherId(offerId) : offerId)
  const envelope = product
    ? { success: true, code: '200', message: 'ok', result: printProduct(say, absurd(product, fault)) }
    : { success: false, code: '404', message: 'the offer does not exist' }
  const whole = json(200, { result: envelope })
  return fault === 'truncated' ? { status: 200, body: whole.body.slice(0, whole.body.length / 2) } : whole
}

/** Over the decoded values, so that a client that signs what it encoded is refused. */
function signatureOf(secret: string, path: string, form: URLSearchParams): string {
  const pairs = [...form].filter(([key]) => key !== '_aop_signature')
  const sorted = pairs.sort(([one], [other]) => (one < other ? -1 : 1)).map(([key, value]) => `${key}${value}`)
  const mac = createHmac('sha1', secret).update(Buffer.from(path + sorted.join(''), 'utf8'))
  return mac.digest('hex').toUpperCase()
}

function printProduct(say: Wobbler, product: Invented) {
  const [length, width, height] = product.sidesCm
  return {
    offerId: say.id(product.id),
    categoryId: say.id(product.categoryId),
    subject: product.title[0],
    subjectTrans: product.title[1],
    description:
      product.paragraphs.map((line) => `<p>${line}</p>`).join('') + `<img src="https://${product.detailImage}">`,
    mainVideo: say.nothing(),
    productImage: { images: product.images.map((image) => say.address(image)), whiteImage: say.nothing() },
    productAttribute: product.attributes.map(({ name, value }, at) => ({
      attributeId: say.whole(100 + at),
      attributeName: name[0],
      attributeNameTrans: name[1],
      value: value[0],
      valueTrans: value[1],
    })),
    productSkuInfos: product.skus.map((sku) => printSku(say, product, sku)),
    productSaleInfo: {
      amountOnSale: say.whole(product.stock),
      priceRangeList: product.ranges.map(({ quantity, priceFen }) => ({
        startQuantity: say.whole(quantity),
        price: say.yuan(priceFen),
      })),
      quoteType: product.skus.length === 0 ? 0 : 1,
      unitInfo: { unit: product.unit[0], transUnit: product.unit[1] },
    },
    productShippingInfo: {
      sendGoodsAddressText: `${product.province}省${product.city}市`.replace(/^上海.*/, '上海市'),
      weight: product.weightGrams / 1_000,
      length,
      width,
      height,
    },
    sellerOpenId: `invented${product.sellerId}`,
    minOrderQuantity: say.whole(product.minimumOrder),
    status: 'published',
    soldOut: say.whole(product.sales),
    companyName: product.sellerName,
  }
}

function printSku(say: Wobbler, product: Invented, sku: InventedSku) {
  return {
    amountOnSale: say.whole(sku.stock),
    price: say.yuan(sku.priceFen),
    skuId: say.id(sku.skuId),
    specId: sku.specId,
    promotionPrice: say.nothing(),
    skuAttributes: product.options.map((option, at) => {
      const value = option.values[sku.picks[at]!]!
      return {
        attributeId: say.whole(3_000 + at),
        attributeName: option.name[0],
        attributeNameTrans: option.name[1],
        value: value.name[0],
        valueTrans: value.name[1],
        skuImageUrl: value.image ? say.address(value.image) : say.nothing(),
      }
    }),
  }
}
