import { parseJson } from '../json.ts'
import { digits, record, text, whole } from '../wobble.ts'
import { readItem } from './item.ts'
import type { HttpRequest } from '../../../lib/http.ts'
import type { Marketplace } from '../../links/marketplaces.ts'
import type { Answer, Source } from '../source.ts'
import type { ListingRef } from '../../listing.ts'

export type OneboundConfig = { url: string; key: string; secret: string; lang: string }

/** Tmall items are asked for as Taobao's: the two share one id space. */
const PLATFORM: Record<Marketplace, string> = {
  taobao: 'taobao',
  tmall: 'taobao',
  weidian: 'micro',
  '1688': '1688',
  goofish: 'goodfish',
}

const TIMEOUT_MS = 10_000

/** Errors of the vendor's own side that a second call may not meet. */
const PASSING = new Set(['4000', '4001', '4002', '5000'])
/** Account unknown, wrong credentials, interface or account stopped, recharge needed. */
const ACCOUNT = new Set(['4004', '4005', '4006', '4007', '4013', '4016'])
/** "Nothing found", which the vendor documents for searches and sends for items too. */
const NOTHING = '2000'

/**
 * The item interface that OneBound sells and others copy: a third-party data vendor, under the operator's own contract.
 * Always answers HTTP 200; the body says what happened.
 */
export function oneboundSource(config: OneboundConfig): Source {
  return {
    name: 'onebound',
    marketplaces: ['taobao', 'tmall', 'weidian', '1688', 'goofish'],
    itemRequest: (ref) => itemRequest(config, ref),
    parseItem: (ref, status, body) => parseItem(config, ref, status, body),
  }
}

function itemRequest(config: OneboundConfig, { marketplace, listingId }: ListingRef): HttpRequest {
  const platform = PLATFORM[marketplace]
  const query = new URLSearchParams({
    key: config.key,
    secret: config.secret,
    num_iid: listingId,
    lang: config.lang,
    result_type: 'json',
  })
  // Without it Taobao's price is the one before the shop's own discount.
  if (platform === 'taobao') query.set('is_promotion', '1')
  return {
    method: 'GET',
    url: `${config.url}/${platform}/item_get/?${query.toString()}`,
    headers: { accept: 'application/json' },
    body: null,
    timeoutMs: TIMEOUT_MS,
  }
}

function parseItem(config: OneboundConfig, ref: ListingRef, status: number, body: string): Answer {
  if (status !== 200) return { kind: 'failed', reason: `HTTP ${status}`, retry: status >= 500 }
  const envelope = record(parseJson(body))
  const item = record(envelope['item'])
  const code = text(envelope['error_code'])
  const error = complaint(envelope['error']) ?? complaint(item['error'])
  if (code === null && error === null && Object.keys(item).length === 0) {
    return { kind: 'failed', reason: 'the answer is not in the known form', retry: false }
  }
  if (code === NOTHING || (error !== null && isAbsence(error))) return { kind: 'absent' }
  if ((code !== null && !/^0+$/.test(code)) || error !== null) return refusal(code, error, envelope)

  const answered = digits(item['num_iid'])
  if (answered === null && text(item['title']) === null) return { kind: 'absent' }
  if (answered !== ref.listingId) {
    const reason = `asked for ${ref.listingId}, answered ${answered ?? 'none'}`
    return { kind: 'failed', reason, retry: false, item: true }
  }
  const current = text(record(envelope['language'])['current_lang']) ?? config.lang
  return readItem(ref, item, current)
}

/** The error text; an empty one and "0" are none. */
function complaint(value: unknown): string | null {
  const told = text(value)
  return told === '0' ? null : told
}

function refusal(code: string | null, error: string | null, envelope: Readonly<Record<string, unknown>>): Answer {
  const reason = [code, error ?? text(envelope['reason'])].filter(Boolean).join(' ').slice(0, 200)
  const spent = isSpent(text(envelope['api_info']))
  const account = (code !== null && ACCOUNT.has(code)) || spent
  return { kind: 'failed', reason, retry: !account && code !== null && PASSING.has(code), quota: account }
}

/** "today:7 max:30000 all[…];expires:…": the day's calls are used up. */
function isSpent(apiInfo: string | null): boolean {
  const used = whole(/today:(\d+)/.exec(apiInfo ?? '')?.[1])
  const most = whole(/max:(\d+)/.exec(apiInfo ?? '')?.[1])
  return used !== null && most !== null && most > 0 && used >= most
}

function isAbsence(error: string): boolean {
  return /item[-_ ]not[-_ ]found|item (?:does )?not exist|商品不存在|宝贝不存在|已下架|已删除/i.test(error)
}
