import { parseJson } from '../json.ts'
import { decimal, digits, record, text } from '../wobble.ts'
import { readItem } from './item.ts'
import { signIop } from './sign.ts'
import type { HttpRequest } from '../../../lib/http.ts'
import type { Answer, SeedToken, Source, TokenAnswer } from '../source.ts'
import type { ListingRef } from '../../listing.ts'

export type TaobaoGlobalConfig = SeedToken & { url: string; appKey: string; appSecret: string }

const LANGUAGE = 'en'
const TIMEOUT_MS = 10_000
const FORM = { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8', accept: 'application/json' }

const THROTTLED = new Set(['AppCallLimit', 'ApiCallLimit'])
const ACCOUNT = new Set(['IncompleteSignature', 'InvalidAppKey', 'InsufficientPermission'])
const TOKEN = new Set(['IllegalAccessToken'])

/** The open platform of Taobao Global, for licensed buyers: items of Taobao and Tmall. Signed, with a token. */
export function taobaoGlobalSource(config: TaobaoGlobalConfig): Source {
  return {
    name: 'taobaoglobal',
    marketplaces: ['taobao', 'tmall'],
    itemRequest: (ref, at, accessToken) =>
      call(config, '/traffic/item/get', at, {
        access_token: accessToken ?? config.accessToken,
        item_resource: 'taobao',
        item_id: ref.listingId,
        language: LANGUAGE,
      }),
    parseItem,
    token: {
      seed: { accessToken: config.accessToken, refreshToken: config.refreshToken },
      refreshRequest: (refreshToken, at) => call(config, '/auth/token/refresh', at, { refresh_token: refreshToken }),
      parseToken,
    },
  }
}

function call(config: TaobaoGlobalConfig, path: string, at: Date, own: Record<string, string>): HttpRequest {
  const params = { app_key: config.appKey, timestamp: String(at.getTime()), sign_method: 'sha256', ...own }
  const form = { ...params, sign: signIop(config.appSecret, path, params) }
  return {
    method: 'POST',
    url: `${config.url}/rest${path}`,
    headers: FORM,
    body: new URLSearchParams(form).toString(),
    timeoutMs: TIMEOUT_MS,
  }
}

function parseItem(ref: ListingRef, status: number, body: string): Answer {
  const answer = record(parseJson(body))
  const failure = failureOf(answer)
  if (failure) return failure
  if (status !== 200) return { kind: 'failed', reason: `HTTP ${status}`, retry: status >= 500 }
  if (!('data' in answer)) return { kind: 'failed', reason: 'the answer is not in the known form', retry: false }

  const item = record(answer['data'])
  if (Object.keys(item).length === 0) return { kind: 'absent' }
  const answered = digits(item['item_id'])
  if (answered !== ref.listingId) {
    const reason = `asked for ${ref.listingId}, answered ${answered ?? 'none'}`
    return { kind: 'failed', reason, retry: false, item: true }
  }
  return readItem(ref, item)
}

/** Three envelopes are in use: the gateway's `type` and `code`, `biz_error_code`, and `success` with `error_code`. */
function failureOf(answer: Readonly<Record<string, unknown>>): Answer | null {
  const gateway = text(answer['code'])
  const business = [answer['biz_error_code'], answer['error_code']]
    .map(text)
    .find((each) => each !== null && each !== '0')
  const message = text(answer['biz_error_msg']) ?? text(answer['error_msg']) ?? text(answer['message'])
  const code = business ?? (gateway === '0' ? null : gateway)
  if (code === null) {
    if (answer['success'] !== false) return null
    return { kind: 'failed', reason: message?.slice(0, 200) ?? 'refused without a reason', retry: false }
  }
  if (/ITEM.*(?:NOT_?(?:FOUND|EXIST)|OFFLINE|DELETED)/i.test(code)) return { kind: 'absent' }

  const reason = [code, message].filter(Boolean).join(' ').slice(0, 200)
  if (THROTTLED.has(code)) return { kind: 'failed', reason, retry: false, throttled: true }
  if (TOKEN.has(code)) return { kind: 'failed', reason, retry: false, tokenExpired: true }
  if (ACCOUNT.has(code)) return { kind: 'failed', reason, retry: false, quota: true }
  // ISP and SYSTEM are the platform's own faults, ISV is ours.
  return { kind: 'failed', reason, retry: ['ISP', 'SYSTEM'].includes(text(answer['type']) ?? '') }
}

function parseToken(status: number, body: string, at: Date): TokenAnswer {
  const answer = record(parseJson(body))
  // The reply is flat; a few members of the gateway family wrap it.
  const fields = 'access_token' in answer ? answer : record(answer['data'])
  const accessToken = text(fields['access_token'])
  if (accessToken === null) {
    const reason = [text(answer['code']), text(answer['message'])].filter(Boolean).join(' ').slice(0, 200)
    const passing = status >= 500 || ['ISP', 'SYSTEM'].includes(text(answer['type']) ?? '')
    return {
      kind: 'failed',
      reason: reason || `HTTP ${status}`,
      retry: passing || THROTTLED.has(text(answer['code']) ?? ''),
    }
  }
  const seconds = decimal(fields['expires_in'])
  return {
    kind: 'renewed',
    accessToken,
    refreshToken: text(fields['refresh_token']),
    expiresAt: seconds === null ? null : new Date(at.getTime() + seconds * 1_000),
  }
}
