import assert from 'node:assert/strict'
import type { InjectOptions } from 'fastify'
import type { Route, Schema } from './routes.ts'

/** What a caller has of every kind, by the number or text that names it. */
export type Things = {
  productId: number
  skuId: string
  offerId: string
  link: string
  itemId: number
  /** An order of three lines; the second waits for an answer, the third for a yes to a higher price. */
  orderNo: string
  quoteId: string
  addressId: number
  favoriteId: number
  /** A coupon that the caller has claimed, and nobody else. */
  couponId: number
  /** One that callers of this mode can claim. */
  freeCouponId: number
}

/** What a piece of the third line costs now. */
export const RISEN_YUAN = 1_000

export type Input = Partial<Record<'params' | 'query' | 'body', object>>

const order = ({ orderNo: id }: Things): Input => ({ params: { id } })
const ware = ({ productId, skuId }: Things) => ({ productId, skuId, quantity: 1, remark: 'Blue laces' })
const goods = (mine: Things) => [ware(mine), { ...ware(mine), remark: '' }]
const wish = (mine: Things) => ({
  items: goods(mine),
  remark: 'Handle with care',
  couponId: mine.couponId,
  addressId: mine.addressId,
})
const HOME = {
  name: 'Ada Moss',
  phone: '+1-555-0123',
  country: 'US',
  state: 'California',
  city: 'Los Angeles',
  address: '123 Main St',
  zipCode: '90001',
  isDefault: true,
}

/**
 * Requests to every route, each answered 2xx when they are sent in this order. What a route's schema names stands in one of its
 * requests, which `slotsOf` makes sure of.
 */
const REQUESTS: Record<string, (mine: Things) => Input[]> = {
  'GET /products/:id': ({ productId }) => [{ params: { id: productId } }],
  'POST /products/import/1688': ({ link: url, offerId }) => [{ body: { url } }, { body: { offerId } }],

  'GET /cart': () => [{}],
  'POST /cart/items': (mine) => [{ body: ware(mine) }],
  'POST /cart/items/batch': (mine) => [{ body: { items: goods(mine) } }],
  'PATCH /cart/items/:itemId': ({ itemId }) => [{ params: { itemId }, body: { quantity: 2, selected: true } }],
  'DELETE /cart/items/:itemId': ({ itemId }) => [{ params: { itemId } }],

  'GET /orders/states': () => [{}],
  'POST /orders/preview': (mine) => [{ body: wish(mine) }, { body: { fromCart: true } }],
  'POST /orders': (mine) => [{ body: wish(mine) }, { body: { fromCart: true } }, { body: { quoteId: mine.quoteId } }],
  'DELETE /cart': () => [{}],
  'GET /orders': () => [{ query: { page: 1, limit: 10, status: 'pending' } }],
  'GET /orders/:id': (mine) => [order(mine)],
  'GET /orders/:id/status': (mine) => [order(mine)],
  'GET /orders/:id/logistics': (mine) => [order(mine)],
  'GET /orders/:id/inspection': (mine) => [order(mine)],
  'POST /orders/:id/actions': (mine) => [
    { ...order(mine), body: { action: 'answer', lineNo: 2, reason: 'Red' } },
    { ...order(mine), body: { action: 'confirm_price', lineNo: 3, price: RISEN_YUAN } },
  ],
  'POST /orders/:id/cancel': (mine) => [
    { ...order(mine), query: { dry_run: true }, body: { reason: 'Changed my mind' } },
    { ...order(mine), body: { dry_run: true } },
    { ...order(mine), body: { reason: 'Changed my mind' } },
  ],

  'GET /user/wallet/balance': () => [{}],
  'GET /user/wallet/transactions': () => [
    { query: { page: 1, limit: 10, type: 'credit', from: '2024-01-01', to: '2024-12-31' } },
  ],

  'PUT /user/profile': () => [
    { body: { username: 'ada', email: 'ada@example.test', avatar: 'https://pictures.test/ada.webp', language: 'de' } },
  ],
  'GET /user/profile': () => [{}],
  'POST /user/addresses': () => [{ body: HOME }],
  'PUT /user/addresses/:id': ({ addressId: id }) => [{ params: { id }, body: HOME }],
  'GET /user/addresses': () => [{}],
  'DELETE /user/addresses/:id': ({ addressId: id }) => [{ params: { id } }],

  'DELETE /user/favorites/:id': ({ favoriteId: id }) => [{ params: { id } }],
  'POST /user/favorites': ({ productId }) => [{ body: { productId } }],
  'GET /user/favorites': () => [{ query: { page: 1, limit: 10 } }],

  'GET /user/coupons/available': () => [{}],
  'POST /user/coupons/:id/claim': ({ freeCouponId: id }) => [{ params: { id } }],
  'GET /user/coupons/my': () => [{}],
}

/** Method and path of a route, as the table has them. */
export function nameOf({ method, url }: Route): string {
  return `${method} ${url.replace('/api/v1', '').replace(/\(.*\)/, '')}`
}

/** The requests that `mine` makes to a route. */
export function requestsTo(route: Route, mine: Things): Input[] {
  const requests = REQUESTS[nameOf(route)]
  assert.ok(requests, `requests.ts has no request to ${nameOf(route)}`)
  return requests(mine)
}

/** The routes in the order of the table. */
export function inOrder(routes: readonly Route[]): Route[] {
  const names = Object.keys(REQUESTS)
  for (const route of routes) assert.ok(names.includes(nameOf(route)), `requests.ts has no request to ${nameOf(route)}`)
  return routes.toSorted((a, b) => names.indexOf(nameOf(a)) - names.indexOf(nameOf(b)))
}

/** Where a value stands in an input, such as `['body', 'items', '*', 'quantity']`; in a place of one input `*` is a number. */
export type Path = readonly (string | number)[]
export type Slot = { path: Path; schema: Schema }

/** Every value that a route takes, by its schema. */
export function slotsOf(route: Route, mine: Things): Slot[] {
  const { params = {}, querystring = {}, body = {} } = route.schema
  const slots = [...leaves(params, ['params']), ...leaves(querystring, ['query']), ...leaves(body, ['body'])]
  const requests = requestsTo(route, mine)
  for (const { path } of slots) {
    const isThere = requests.some((input) => placesOf(input, path).length > 0)
    assert.ok(isThere, `requests.ts has no request to ${nameOf(route)} with ${path.join('.')}`)
  }
  return slots
}

function leaves(schema: Schema, path: Path): Slot[] {
  const options = schema.anyOf ?? [schema]
  const nested = options.flatMap(({ properties, items }) => [
    ...Object.entries(properties ?? {}).flatMap(([name, each]) => leaves(each, [...path, name])),
    ...(items ? leaves(items, [...path, '*']) : []),
  ])
  return nested.length > 0 || path.length === 1 ? nested : [{ path, schema }]
}

/** The places of an input that a path leads to. */
export function placesOf(value: unknown, [step, ...rest]: Path, at: Path = []): Path[] {
  if (value === undefined) return []
  if (step === undefined) return [at]
  if (step === '*') return (value as unknown[]).flatMap((each, index) => placesOf(each, rest, [...at, index]))
  return placesOf((value as Record<string, unknown>)[step], rest, [...at, step])
}

/** A copy of an input with another value in one place. */
export function put(input: Input, place: Path, value: unknown): Input {
  const copy = structuredClone(input)
  const holder = place.slice(0, -1).reduce((each, step) => (each as Record<string, object>)[step]!, copy as object)
  ;(holder as Record<string, unknown>)[place.at(-1)!] = value
  return copy
}

/** The request as it is sent. */
export function requestOf({ method, url }: Route, { params = {}, query = {}, body }: Input) {
  const path = url.replace(/:(\w+)(?:\(.*\))?/g, (_, name) =>
    encodeURIComponent(String((params as Record<string, unknown>)[name])),
  )
  const search = new URLSearchParams(query as Record<string, string>).toString()
  return {
    method,
    url: search === '' ? path : `${path}?${search}`,
    ...(body && { payload: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  } satisfies InjectOptions
}

/** What `requestWith` puts where the raw text is to stand. */
const MARK = 'raw-text'

/** The request with a value in one place as it is written in JSON, and in an address as its text. */
export function requestWith(route: Route, input: Input, place: Path, raw: string) {
  const { method, url, payload } = requestOf(route, put(input, place, MARK))
  const text = raw.startsWith('"') ? (JSON.parse(raw) as string).toWellFormed() : raw
  return {
    method,
    url: url.replace(MARK, () => encodeURIComponent(text)),
    payload: payload?.replace(`"${MARK}"`, () => raw),
  }
}
