import assert from 'node:assert/strict'
import type { InjectOptions } from 'fastify'
import { revokeKey } from '../../../src/access/keys/keys.ts'
import {
  balanceOf,
  CALLS,
  DAY,
  fillWindows,
  ITEM_URL,
  MONTH,
  putOn,
  ROOMY,
  setPot,
  UNKNOWN,
  type Bench,
  type Caller,
  type seedCaller,
} from '../../surfaces/metering/meter-bench.ts'

export const FAILING = '600000000031'
/** As many as a pot gives out one by one, so that what is counted is what was used. */
export const LIMIT = 50
export const CREDIT = 1_000_000

export type Surface = 'qc' | 'sourcing' | 'item' | 'risk'
const CALL: Record<Surface, InjectOptions> = {
  ...CALLS,
  risk: { method: 'POST', url: '/api/v1/blacklist/check', payload: { type: 'username', value: 'ada' } },
}

type Prepare = (bench: Bench, caller: Caller) => Promise<Record<string, string> | void>
/** A way to get an answer. `prepare` comes before the count begins and may give headers to send. */
export type Drive = {
  name: string
  status: number
  call: InjectOptions
  wish?: Parameters<typeof seedCaller>[2]
  prepare?: Prepare
  /** Makes good what `prepare` broke. */
  mend?: (bench: Bench) => Promise<unknown>
  /** The caller is not let in, so there is no record of the call. */
  isStranger?: boolean
}
const revoke: Prepare = async ({ ctx }, { id }) => {
  await revokeKey(ctx, id)
  await ctx.watch.next()
}
const full =
  (product: Surface): Prepare =>
  ({ ctx }, { accountId }) =>
    fillWindows(ctx, accountId, product, ROOMY.perSecond)
const spend =
  (pot: string, bucket: number): Prepare =>
  ({ pool }, { accountId }) =>
    setPot(pool, accountId, pot, bucket, LIMIT)
const BATCH = {
  method: 'POST',
  url: '/api/v1/products/batch',
  payload: { items: [{ storefront: 'weidian', listing_id: '7231368393' }] },
} as const
const GALLERY = { url: '/api/v1/qc/weidian/7231368393' }
const IMAGES = { url: '/api/v1/qc/482910/images' }
const SEARCH = { method: 'POST', url: '/api/v1/products/search' } as const
const PICTURE = '/media/demo/v2/791912182230-1.webp'
const sourced = (query: Record<string, string>) => ({
  url: `/api/v1/1688/search_by_image?${new URLSearchParams(query).toString()}`,
})
const imagesAt = (link: string) => ({ url: `/api/v1/qc/0/images?url=${link}` })
/** A key of the same account and route that was used for another request. */
const reuse =
  (first: InjectOptions): Prepare =>
  async ({ app }, { headers }) => {
    const sent = { 'idempotency-key': 'used' }
    assert.equal((await app.inject({ ...first, headers: { ...headers, ...sent } })).statusCode, 200)
    return sent
  }
const other = (call: InjectOptions, payload: object): InjectOptions => ({ ...call, payload })
const big = 'x'.repeat(262_145)

/** Of surfaces of listings. */
function listings(product: keyof typeof UNKNOWN): Record<string, Drive[]> {
  return { ...common(product), '404': [{ name: 'no such listing', status: 404, call: UNKNOWN[product] }] }
}

function common(product: Surface): Record<string, Drive[]> {
  const call = CALL[product]
  return {
    '2xx': [{ name: 'what is asked most', status: 200, call }],
    '401': [{ name: 'a revoked key', status: 401, call, prepare: revoke, isStranger: true }],
    '403': [
      { name: 'a scope too few', status: 403, call, wish: { scopes: ['cart:read'] }, isStranger: true },
      { name: 'another address', status: 403, call, wish: { allow: ['203.0.113.7'] }, isStranger: true },
    ],
    '429': [{ name: 'a full window', status: 429, call, prepare: full(product) }],
  }
}

/** How each row of the page is made to happen. */
export const DRIVES: Record<Surface, Record<string, Drive[]>> = {
  qc: {
    ...listings('qc'),
    '2xx': [
      ...common('qc')['2xx']!,
      { name: 'its headers alone', status: 200, call: { ...CALLS.qc, method: 'HEAD' } },
      { name: 'a batch', status: 200, call: BATCH },
      { name: 'the account', status: 200, call: { url: '/api/v1/me' } },
      { name: 'the counters', status: 200, call: { url: '/api/v1/usage' } },
      { name: 'the first QC photos', status: 200, call: GALLERY },
      { name: 'all QC photos', status: 200, call: IMAGES },
      { name: 'a search by words', status: 200, call: other(SEARCH, { words: '口罩' }) },
      { name: 'all QC photos, by a link', status: 200, call: imagesAt(CALLS.item.payload.url) },
    ],
    '304': [
      { name: 'a listing that the caller has', status: 304, call: { ...CALLS.qc, headers: { 'if-none-match': '*' } } },
      { name: 'photos that the caller has', status: 304, call: { ...IMAGES, headers: { 'if-none-match': '*' } } },
    ],
    '404': [
      ...listings('qc')['404']!,
      { name: 'no such number', status: 404, call: { url: '/api/v1/qc/999999999/images' } },
      { name: 'a link to no such listing', status: 404, call: imagesAt(UNKNOWN.item.payload.url) },
    ],
    '429': [
      ...common('qc')['429']!,
      { name: 'a month used up', status: 429, call: CALLS.qc, prepare: spend('qc.month', MONTH) },
    ],
    '4xx': [
      { name: 'no id', status: 400, call: { url: '/api/v1/products/weidian/72x1' } },
      { name: 'no number', status: 400, call: { url: '/api/v1/qc/taobao/images' } },
      { name: 'a link to no listing', status: 400, call: imagesAt('https://example.com/') },
      { name: 'a search for nothing', status: 400, call: other(SEARCH, {}) },
      { name: 'a search with an address that is none', status: 400, call: other(SEARCH, { image_url: 'x' }) },
      { name: 'an empty batch', status: 400, call: other(BATCH, { items: [] }) },
      { name: 'too large a batch', status: 413, call: other(BATCH, { items: [big] }) },
      { name: 'a key of another request', status: 409, call: other(BATCH, { items: [{}] }), prepare: reuse(BATCH) },
    ],
    '5xx': [
      { name: 'a source that is down', status: 500, call: { url: `/api/v1/products/taobao/${FAILING}` } },
      { name: 'an index that is not loaded', status: 503, call: other(SEARCH, { image_url: PICTURE }) },
      { name: 'a source that is down, for photos', status: 500, call: { url: `/api/v1/qc/taobao/${FAILING}` } },
      {
        name: 'a source that is down, for a link',
        status: 500,
        call: imagesAt(`https://item.taobao.com/item.htm?id=${FAILING}`),
      },
    ],
  },
  sourcing: {
    ...listings('sourcing'),
    '2xx': [
      ...common('sourcing')['2xx']!,
      { name: 'a search by words', status: 200, call: sourced({ keyword: '口罩' }) },
    ],
    '404': [
      ...listings('sourcing')['404']!,
      { name: 'more like no such offer', status: 404, call: sourced({ offer_id: '600000000404' }) },
    ],
    '429': [
      ...common('sourcing')['429']!,
      { name: 'no credits', status: 429, call: CALLS.sourcing, prepare: spend('sourcing.month', MONTH) },
    ],
    '4xx': [
      { name: 'no id', status: 400, call: { url: '/api/v1/1688/get_product_details?offer_id=x' } },
      { name: 'a search for nothing', status: 400, call: sourced({}) },
      { name: 'a search with an address that is none', status: 400, call: sourced({ image_url: 'x' }) },
    ],
    '5xx': [
      { name: 'an index that is not loaded', status: 503, call: sourced({ image_url: PICTURE }) },
      {
        name: 'a source that is down',
        status: 500,
        call: { url: `/api/v1/1688/get_product_details?offer_id=${FAILING}` },
      },
    ],
  },
  item: {
    ...listings('item'),
    '402': [
      {
        name: 'nothing left',
        status: 402,
        call: CALLS.item,
        prepare: async ({ pool, ctx }, caller) => {
          await setPot(pool, caller.accountId, 'item.day', DAY, LIMIT)
          await setPot(pool, caller.accountId, 'item.trial', MONTH, LIMIT)
          const { accountId } = caller
          const left = await balanceOf(ctx, accountId)
          // What is left of the balance is as good as used up: the next GB costs more.
          if (left > 0) await setPot(pool, accountId, 'item.bytes', MONTH, 90_000_000_000)
        },
      },
    ],
    '4xx': [
      { name: 'no link', status: 400, call: other(CALLS.item, { url: 'x' }) },
      { name: 'too large a body', status: 413, call: other(CALLS.item, { url: big }) },
      {
        name: 'a key of another request',
        status: 409,
        call: other(CALLS.item, { url: ITEM_URL, tid: 'other' }),
        prepare: reuse(CALLS.item),
      },
    ],
    '5xx': [
      {
        name: 'a source that is down',
        status: 500,
        call: other(CALLS.item, { url: `https://item.taobao.com/item.htm?id=${FAILING}` }),
      },
    ],
  },
  risk: {
    ...common('risk'),
    '402': [
      {
        name: 'nothing left',
        status: 402,
        call: CALL.risk,
        prepare: async ({ pool, ctx }, { account, accountId }) => {
          await setPot(pool, accountId, 'risk.month', MONTH, LIMIT)
          const dear = { ...ROOMY, priceUsdMicros: CREDIT + 1 }
          if ((await balanceOf(ctx, accountId)) > 0) await putOn(ctx, account, 'risk', 'payg', dear)
        },
      },
    ],
    '4xx': [
      { name: 'an unknown type', status: 400, call: other(CALL.risk, { type: 'name', value: 'ada' }) },
      { name: 'what cannot be checked', status: 400, call: other(CALL.risk, { type: 'ip', value: '10.0.0.1' }) },
      { name: 'too large a body', status: 413, call: other(CALL.risk, { type: 'username', value: big }) },
      {
        name: 'a key of another request',
        status: 409,
        call: other(CALL.risk, { type: 'username', value: 'bob' }),
        prepare: reuse(CALL.risk),
      },
    ],
    '5xx': [
      {
        name: 'a list that cannot be asked',
        status: 500,
        call: CALL.risk,
        prepare: async ({ pool }) => void (await pool.query('alter table risk_mark rename to risk_mark_gone')),
        mend: ({ pool }) => pool.query('alter table risk_mark_gone rename to risk_mark'),
      },
    ],
  },
}
