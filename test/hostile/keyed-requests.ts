import { letters, pick, request, type Attack, type Dice, type DrawAttack } from './requests.ts'

// Attacks by somebody who has a key that works.

const ITEM = '/api/v1/item'
const BATCH = '/api/v1/products/batch'
const GOOD = 'https://weidian.com/item.html?itemID=7266541641'
const JSON_TYPE = 'application/json'
const FORM = 'application/x-www-form-urlencoded'
const deep = (open: string, close: string, depth: number, middle = '') =>
  open.repeat(depth) + middle + close.repeat(depth)
const withUrl = (more: string) => `{"url":"${GOOD}",${more}}`

/** Bodies, each to its route with its type, and what it is answered with and without an Idempotency-Key. */
const BODIES: readonly [path: string, type: string, body: string, ...statuses: number[]][] = [
  [ITEM, JSON_TYPE, '{"url":"\\u0000"}', 400],
  [ITEM, JSON_TYPE, '['.repeat(200_000), 400],
  [ITEM, JSON_TYPE, deep('[', ']', 120_000), 400],
  [ITEM, JSON_TYPE, withUrl(`"x":${deep('[', ']', 100_000)}`), 200, 400],
  [ITEM, JSON_TYPE, withUrl(`"x":${deep('{"a":', '}', 40_000, '1')}`), 200, 400],
  [ITEM, JSON_TYPE, withUrl(`"x":"${'x'.repeat(250_000)}"`), 200],
  [ITEM, JSON_TYPE, withUrl(`"x":"${'x'.repeat(300_000)}"`), 413],
  [ITEM, JSON_TYPE, withUrl(`"x":[${'1,'.repeat(100_000)}1]`), 200],
  [ITEM, JSON_TYPE, 'null', 400],
  [ITEM, JSON_TYPE, '[]', 400],
  [ITEM, JSON_TYPE, '""', 400],
  [ITEM, JSON_TYPE, '{"__proto__":{"url":1}}', 400],
  [ITEM, JSON_TYPE, '{"constructor":{"prototype":{"url":1}},"url":"x"}', 400],
  [ITEM, JSON_TYPE, withUrl('"url":["a","b"]'), 400],
  [ITEM, JSON_TYPE, '{"url":{"toString":1}}', 400],
  [ITEM, JSON_TYPE, '', 400],
  [ITEM, JSON_TYPE, '\0'.repeat(100), 400],
  [ITEM, `${JSON_TYPE}; charset=utf-16`, '\0\xff', 400],
  [ITEM, JSON_TYPE, withUrl('"tid":"a\\u0000b"'), 200, 400],
  [ITEM, JSON_TYPE, withUrl('"tid":"\\ud800"'), 200, 400],
  [ITEM, JSON_TYPE, withUrl('"tid":{}'), 400],
  [ITEM, JSON_TYPE, withUrl('"tid":[["x"]]'), 400],
  [ITEM, JSON_TYPE, withUrl('"tid":1e400'), 200, 400],
  [ITEM, JSON_TYPE, withUrl('"searchlang":"toString"'), 200, 400],
  [ITEM, JSON_TYPE, withUrl('"searchlang":"zz-constructor"'), 200, 400],
  [ITEM, JSON_TYPE, '{"url":"http://[::1]:99999/"}', 400],
  [ITEM, JSON_TYPE, '{"url":"https://weidian.com/item.html?itemID=99999999999999999999999999999"}', 400, 404],
  [ITEM, JSON_TYPE, '{"url":"https://weidian.com/item.html?itemID=99999999999999999999"}', 400, 404],
  [ITEM, JSON_TYPE, '{"url":"https://detail.1688.com/offer/00000000000000000000.html"}', 400, 404],
  [ITEM, FORM, 'url=a&url=b', 400],
  [ITEM, FORM, 'url=%zz&%=%', 400],
  [ITEM, FORM, 'a=1&'.repeat(50_000), 400, 413],
  [ITEM, 'multipart/form-data; boundary=x', 'x', 400],
  [ITEM, '\xff/;;', 'x', 400],
  [ITEM, 'text/plain', 'x', 400],
  [BATCH, JSON_TYPE, '{"items":[null]}', 400],
  [BATCH, JSON_TYPE, '{"items":[1]}', 400],
  [BATCH, JSON_TYPE, '{"items":{}}', 400],
  [BATCH, JSON_TYPE, '{"items":"x"}', 400],
  [BATCH, JSON_TYPE, 'null', 400],
  [BATCH, FORM, 'items=1', 400],
  [BATCH, JSON_TYPE, `{"items":[${deep('[', ']', 100_000)}]}`, 400],
  [BATCH, JSON_TYPE, `{"items":[${'{},'.repeat(80_000)}{}]}`, 400],
  [BATCH, JSON_TYPE, '{"items":[{"storefront":"constructor","listing_id":"1"},{"listing_id":1e25}]}', 200, 400],
  [
    BATCH,
    JSON_TYPE,
    '{"items":[{"storefront":{"a":1},"listing_id":[]},{"storefront":"weidian","listing_id":-1}]}',
    200,
    400,
  ],
  [BATCH, JSON_TYPE, '{"items":[{"storefront":"weidian","listing_id":"99999999999999999999"}]}', 200],
]

const ADDRESSES: readonly [path: string, ...statuses: number[]][] = [
  ['/api/v1/products/weidian/99999999999999999999', 404],
  ['/api/v1/products/weidian/00000000000000000001', 400, 404],
  ['/api/v1/products/weidian/%00', 400],
  ['/api/v1/products/constructor/1', 400],
  [`/api/v1/products/weidian/${'1'.repeat(12_000)}`, 400],
  ['/api/v1/products/__proto__/__proto__', 400],
  ['/api/v1/1688/get_product_details?offer_id=1&offer_id=2', 400],
  ['/api/v1/1688/get_product_details?offer_id[]=1', 400],
  ['/api/v1/1688/get_product_details?offer_id[a]=1&offer_id[__proto__]=2', 400],
  ['/api/v1/1688/get_product_details', 400],
  [`/api/v1/1688/get_product_details?${'offer_id=791912182230&'.repeat(500)}`, 400],
  ['/scraper/%2F%00/get_product_details?offer_id=791912182230', 200, 404],
  [`/scraper/${'x'.repeat(300)}/get_product_details?offer_id=791912182230`, 400],
  ['/scraper//get_product_details?offer_id=791912182230', 200, 404],
  ['/api/v1/usage?x=1&x=2&x[y]=3', 200],
  ['/api/v1/usage/', 200],
  ['/api/v1/me?__proto__[a]=1', 200],
]

const ODD_HEADERS = [
  'If-None-Match: *',
  'If-None-Match: "x", W/"y", ",,,"',
  'Accept-Encoding: zstd, deflate;q=0, *;q=0',
  'Accept-Encoding: gzip;q=nan, br;q=9',
  'Accept: \xff',
  'Range: bytes=0-9,5-2',
  'Content-Length: 2\r\nContent-Type: application/json',
  'Expect: 100-continue',
  'Idempotency-Key: x',
  'Origin: null',
  `Cookie: ${'a=b;'.repeat(1_000)}`,
]

const WRONG = ['PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD', 'GET'] as const

/** A value as JSON, of any shape. */
function junk(dice: Dice, depth = 0): string {
  const kinds = depth > 5 ? 4 : 6
  const kind = Math.floor(dice() * kinds)
  if (kind === 0) return pick(dice, ['null', 'true', 'false'])
  if (kind === 1) return pick(dice, ['0', '-1', '1e400', '0.1', '12345678901234567890'])
  if (kind === 2) return JSON.stringify(letters(dice, Math.floor(dice() * 50)))
  if (kind === 3) return JSON.stringify(pick(dice, [GOOD, 'weidian', '7231368393', '', '\u{1f600}', '\u0000', '../..']))
  const many = Array.from({ length: Math.floor(dice() * 6) }, () => junk(dice, depth + 1))
  if (kind === 4) return `[${many.join(',')}]`
  const names = [
    'url',
    'tid',
    'searchlang',
    'items',
    'storefront',
    'listing_id',
    '__proto__',
    'constructor',
    'toString',
    '',
  ]
  return `{${many.map((value) => `${JSON.stringify(pick(dice, names))}:${value}`).join(',')}}`
}

/** Nothing, a key of its own, a key that others use too, or one that is none; and what may come of it. */
function idempotencyKey(dice: Dice): { header: string; statuses: readonly number[] } {
  const draw = dice()
  if (draw < 0.4) return { header: '', statuses: [] }
  if (draw < 0.8) return { header: `Idempotency-Key: ${letters(dice, 20)}\r\n`, statuses: [] }
  if (draw < 0.9) return { header: `Idempotency-Key: shared ${Math.floor(dice() * 3)}\r\n`, statuses: [400, 409] }
  return { header: `Idempotency-Key: ${pick(dice, ['\xe9', '', 'x'.repeat(256), 'a\tb'])}\r\n`, statuses: [400] }
}

function post(dice: Dice, key: string, path: string, type: string, body: string, statuses: readonly number[]): Attack {
  const { header, statuses: more } = idempotencyKey(dice)
  const bytes = Buffer.from(body, 'latin1')
  const headers = `X-API-Key: ${key}\r\nContent-Type: ${type}\r\n${header}Content-Length: ${bytes.length}\r\n`
  return {
    name: `${path} ${type} ${body.slice(0, 60)} ${header.trim()}`,
    bytes: request(`POST ${path}`, headers, body),
    statuses: [...statuses, ...more],
  }
}

/** Every kind of attack with a key that works, drawn anew at each call. */
export const KEYED_ATTACKS: readonly DrawAttack[] = [
  (dice, key) => {
    const [path, type, body, ...statuses] = pick(dice, BODIES)
    return post(dice, key, path, type, body, statuses)
  },
  (dice, key) => {
    const [path, ...statuses] = pick(dice, ADDRESSES)
    return { name: path.slice(0, 80), bytes: request(`GET ${path}`, `Authorization: Bearer ${key}\r\n`), statuses }
  },
  (dice, key) => post(dice, key, pick(dice, [ITEM, BATCH]), JSON_TYPE, junk(dice), [200, 400, 404]),
  (dice, key) => {
    const members = `"url":${junk(dice)},"tid":${junk(dice)},"searchlang":${junk(dice)},"items":${junk(dice)}`
    return post(dice, key, pick(dice, [ITEM, BATCH]), JSON_TYPE, `{${members}}`, [200, 400, 404])
  },
  (dice, key) => {
    const odd = Array.from({ length: 1 + Math.floor(dice() * 2) }, () => pick(dice, ODD_HEADERS))
    const path = pick(dice, [
      '/api/v1/products/weidian/7231368393',
      '/api/v1/1688/get_product_details?offer_id=791912182230',
    ])
    return {
      name: `${path} with ${odd.join(' and ').slice(0, 200)}`,
      bytes: request(
        `GET ${path}`,
        `X-API-Key: ${key}\r\n${odd.join('\r\n')}\r\n`,
        odd.some((each) => each.startsWith('Content-Length')) ? '{b' : '',
      ),
      statuses: [200, 304, 400],
    }
  },
  (dice, key) => {
    const method = pick(dice, WRONG)
    const path = pick(dice, [ITEM, BATCH, '/api/v1/me', '/api/v1/1688/get_product_details?offer_id=791912182230'])
    return {
      name: `${method} ${path}`,
      bytes: request(`${method} ${path}`, `X-API-Key: ${key}\r\n`),
      statuses: [200, 204, 404, 405, 400],
    }
  },
]
