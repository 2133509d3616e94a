import { parseJson } from '../json.ts'
import { decimal, digits, record, text, yes } from '../wobble.ts'
import { readProduct } from './product.ts'
import { signParam2 } from './sign.ts'
import type { HttpRequest } from '../../../lib/http.ts'
import type { Answer, SeedToken, Source, TokenAnswer } from '../source.ts'
import type { ListingRef } from '../../listing.ts'

export type Alibaba1688Config = SeedToken & { url: string; appKey: string; appSecret: string }

const PRODUCT_DETAIL = 'com.alibaba.fenxiao.crossborder/product.search.queryProductDetail'
/** The parameter is called country and takes a language. */
const LANGUAGE = 'en'
const TIMEOUT_MS = 10_000
const FORM = { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8', accept: 'application/json' }

/** Gateway codes that accuse our app or its credentials, which no further call mends. */
const ACCOUNT = /^gw\.(?:Signature|API|AppKey|AppNot|AppStatus)/
const TOKEN = /^(?:401|gw\.(?:UnAuthorized|AccessToken|RequestNeedUserAuthorized|InvalidSession)\w*)$/i

/** The open platform of 1688: product detail for cross-border buyers. Signed, with a token of ten hours. */
export function alibaba1688Source(config: Alibaba1688Config): Source {
  return {
    name: 'alibaba1688',
    marketplaces: ['1688'],
    itemRequest: (ref, at, accessToken) => itemRequest(config, ref, at, accessToken ?? config.accessToken),
    parseItem,
    token: {
      seed: { accessToken: config.accessToken, refreshToken: config.refreshToken },
      refreshRequest: (refreshToken) => refreshRequest(config, refreshToken),
      parseToken,
    },
  }
}

function itemRequest(config: Alibaba1688Config, ref: ListingRef, at: Date, accessToken: string): HttpRequest {
  const path = `param2/1/${PRODUCT_DETAIL}/${config.appKey}`
  const params = {
    // The id goes out as a bare number. Written by hand, as ids may not fit a JavaScript number.
    offerDetailParam: `{"offerId":${ref.listingId},"country":"${LANGUAGE}"}`,
    access_token: accessToken,
    _aop_timestamp: String(at.getTime()),
  }
  const signed = { ...params, _aop_signature: signParam2(config.appSecret, path, params) }
  return post(`${config.url}/openapi/${path}`, signed)
}

function refreshRequest(config: Alibaba1688Config, refreshToken: string): HttpRequest {
  return post(`${config.url}/openapi/http/1/system.oauth2/getToken/${config.appKey}`, {
    grant_type: 'refresh_token',
    client_id: config.appKey,
    client_secret: config.appSecret,
    refresh_token: refreshToken,
  })
}

function post(url: string, form: Record<string, string>): HttpRequest {
  return { method: 'POST', url, headers: FORM, body: new URLSearchParams(form).toString(), timeoutMs: TIMEOUT_MS }
}

function parseItem(ref: ListingRef, status: number, body: string): Answer {
  const answer = record(parseJson(body))
  const code = text(answer['error_code'])
  if (code !== null) return gatewayError(code, text(answer['error_message']), status)
  if (status !== 200) return { kind: 'failed', reason: `HTTP ${status}`, retry: status >= 500 }

  const envelope = record(answer['result'])
  if (!('success' in envelope) && !('result' in envelope)) {
    return { kind: 'failed', reason: 'the answer is not in the known form', retry: false }
  }
  const product = record(envelope['result'])
  const message = text(envelope['message'])
  if (!yes(envelope['success'])) {
    if (isAbsence(text(envelope['code']), message)) return { kind: 'absent' }
    const reason = [text(envelope['code']), message].filter(Boolean).join(' ').slice(0, 200)
    return { kind: 'failed', reason: reason || 'refused without a reason', retry: false }
  }
  const gone = ['deleted', 'member deleted'].includes(text(product['status']) ?? '')
  if (gone || Object.keys(product).length === 0) return { kind: 'absent' }

  const answered = digits(product['offerId'])
  if (answered !== ref.listingId) {
    const reason = `asked for ${ref.listingId}, answered ${answered ?? 'none'}`
    return { kind: 'failed', reason, retry: false, item: true }
  }
  return readProduct(ref, product, LANGUAGE)
}

/** The HTTP status of gateway errors is not settled, so the code alone decides. */
function gatewayError(code: string, message: string | null, status: number): Answer {
  const reason = [code, message].filter(Boolean).join(' ').slice(0, 200)
  if (code.startsWith('gw.Qos')) return { kind: 'failed', reason, retry: false, throttled: true }
  if (TOKEN.test(code)) return { kind: 'failed', reason, retry: false, tokenExpired: true }
  if (ACCOUNT.test(code)) return { kind: 'failed', reason, retry: false, quota: true }
  return { kind: 'failed', reason, retry: status >= 500 }
}

function isAbsence(code: string | null, message: string | null): boolean {
  return code === '404' || /not (?:exist|found)|不存在|已下架|已删除/i.test(message ?? '')
}

function parseToken(status: number, body: string, at: Date): TokenAnswer {
  const answer = record(parseJson(body))
  const accessToken = text(answer['access_token'])
  if (accessToken === null) {
    const reason = [text(answer['error_code']) ?? text(answer['error']), text(answer['error_message'])]
    const told = reason.filter(Boolean).join(' ').slice(0, 200)
    return { kind: 'failed', reason: told || `HTTP ${status}`, retry: status >= 500 || told.startsWith('gw.Qos') }
  }
  const seconds = decimal(answer['expires_in'])
  return {
    kind: 'renewed',
    accessToken,
    refreshToken: text(answer['refresh_token']),
    expiresAt: seconds === null ? null : new Date(at.getTime() + seconds * 1_000),
  }
}
