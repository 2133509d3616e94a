import { connect } from 'node:net'

/** A number from 0 up to 1. */
export type Dice = () => number

/** One request as raw bytes, and which statuses are a right answer to it; null: hanging up is right too. */
export type Attack = { name: string; bytes: Buffer; statuses: readonly (number | null)[] }

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'.split('')
const PATHS = [
  '/api/v1/products/weidian/7231368393',
  '/api/v1/usage',
  '/api/v1/me',
  '/api/v1/item',
  '/api/v1/1688/get_product_details?offer_id=791912182230',
  '/scraper/x/get_product_details?offer_id=791912182230',
  '/api/v1/products/batch',
]
const METHODS = ['BREW', 'QUERY', 'PROPFIND', 'M-SEARCH', 'LINK', 'TRACE', 'CONNECT', 'get', 'POST\0']
const CLOSE = 'Host: haul.test\r\nConnection: close\r\n'

export const pick = <T>(dice: Dice, list: readonly T[]): T => list[Math.floor(dice() * list.length)]!
export const letters = (dice: Dice, count: number) => Array.from({ length: count }, () => pick(dice, LETTERS)).join('')
export const request = (line: string, headers: string, body = '') =>
  Buffer.from(`${line} HTTP/1.1\r\n${CLOSE}${headers}\r\n${body}`, 'latin1')
const get = (path: string, headers: string) => request(`GET ${path}`, headers)

export type DrawAttack = (dice: Dice, key: string) => Attack

/** Every kind of attack by somebody without a key, drawn anew at each call. `key` works, and is only ever sent spoilt. */
export const ATTACKS: readonly DrawAttack[] = [
  (dice) => {
    const key = `${pick(dice, ['qc_live_', 'qc_test_', 'cbk_', 'sk-', 'oh_live_'])}${letters(dice, 32)}`
    const header = dice() < 0.5 ? `Authorization: Bearer ${key}\r\n` : `X-API-Key: ${key}\r\n`
    return { name: 'a key that nobody has', bytes: get(pick(dice, PATHS), header), statuses: [401, 405, 429] }
  },
  (dice) => {
    const junk = Array.from({ length: Math.floor(dice() * 300) }, () =>
      String.fromCharCode(33 + Math.floor(dice() * 222)),
    )
    return {
      name: 'junk for a key',
      bytes: get(pick(dice, PATHS), `Authorization: Bearer ${junk.join('')}\r\n`),
      statuses: [400, 401, 405, 429],
    }
  },
  (dice, key) => {
    const spoilt = `${key.slice(0, -1)}${pick(dice, ['!', '-', ' x', '\t', 'é'])}`
    return {
      name: 'a key with one character wrong',
      bytes: get(PATHS[0]!, `X-API-Key: ${spoilt}\r\n`),
      statuses: [401, 429],
    }
  },
  (dice) => ({
    name: '1 MB of headers',
    bytes: get(pick(dice, PATHS), `X-Filler: ${'x'.repeat(1_000_000)}\r\n`),
    statuses: [431, null],
  }),
  (dice) => ({
    name: 'thousands of headers',
    bytes: get(pick(dice, PATHS), Array.from({ length: 3_000 }, (_each, at) => `X-${at}: y\r\n`).join('')),
    statuses: [431, null],
  }),
  (_dice, key) => ({
    name: 'two keys in two headers of one name',
    bytes: get(
      PATHS[0]!,
      `Authorization: Bearer ${key}x\r\nAuthorization: Bearer y${key}\r\nX-API-Key: ${key}z\r\nX-API-Key: w\r\n`,
    ),
    statuses: [400, 401, 429],
  }),
  (_dice, key) => ({
    name: 'a comma list of keys',
    bytes: get(PATHS[0]!, `X-API-Key: ${key}, ${key}\r\n`),
    statuses: [401, 429],
  }),
  (dice) => ({
    name: 'control bytes in a header',
    bytes: get(pick(dice, PATHS), `X-API-Key: a${String.fromCharCode(Math.floor(dice() * 9))}b\r\n`),
    statuses: [400, 401, 405, 429, null],
  }),
  (dice) => ({
    name: 'a path that is not percent-encoding',
    bytes: get(`/api/v1/products/weidian/${pick(dice, ['%zz', '%', '%e0%a4%a', '%c0%af'])}`, ''),
    statuses: [400, 401, 429],
  }),
  (dice) => {
    const path = Array.from({ length: 40 }, () =>
      pick(dice, ['..', '%2e%2e', '%00', '/', '\\', 'ü', "'", '"', '<', '?', '#']),
    ).join('/')
    return { name: 'a crooked path', bytes: get(`/x${path}`, ''), statuses: [400, 401, 404, 429, null] }
  },
  (dice) => ({
    name: 'an unknown method',
    bytes: request(`${pick(dice, METHODS)} ${pick(dice, PATHS)}`, ''),
    statuses: [400, 401, 404, 405, null],
  }),
  (dice) => ({
    name: 'lengths that contradict each other',
    bytes: request(
      'POST /api/v1/item',
      `Content-Length: 5\r\n${pick(dice, ['Content-Length: 6\r\n', 'Transfer-Encoding: chunked\r\n'])}`,
      'hello',
    ),
    statuses: [400, 401, 429, null],
  }),
  (dice) => ({
    name: 'a broken body without a key',
    bytes: request(
      'POST /api/v1/item',
      'Content-Type: application/json\r\nContent-Length: 9\r\n',
      pick(dice, ['{"url":1,', '[[[[[[[[[', '\0\0\0\0\0\0\0\0\0']),
    ),
    statuses: [401, 429],
  }),
  (dice) => {
    const address = `${Math.floor(dice() * 256)}.${Math.floor(dice() * 256)}.0.1`
    const headers = `X-Forwarded-For: ${address}\r\nForwarded: for=${address}\r\nX-Real-IP: ${address}\r\nX-API-Key: qc_live_${letters(dice, 32)}\r\n`
    return { name: 'a forwarding header of its own', bytes: get(PATHS[0]!, headers), statuses: [401, 429] }
  },
  (dice) => ({
    name: 'a public page with odd parameters',
    bytes: get(`/api/v1/${pick(dice, ['pricing', 'agents'])}?${pick(dice, ['a[]=1', 'x=%00', '__proto__=1'])}`, ''),
    statuses: [200, 400, 429],
  }),
  (dice) => ({
    name: 'an idempotency key that is none',
    bytes: request(
      'POST /api/v1/item',
      `Idempotency-Key: ${'x'.repeat(Math.floor(dice() * 2_000))}\r\nContent-Length: 0\r\n`,
    ),
    statuses: [401, 429],
  }),
]

/** The same request as a proxy passes it on that has it from this address. */
export function forwarded(bytes: Buffer, address: string): Buffer {
  const line = bytes.indexOf('\r\n') + 2
  return Buffer.concat([bytes.subarray(0, line), Buffer.from(`X-Forwarded-For: ${address}\r\n`), bytes.subarray(line)])
}

/** The nth of many addresses, no two of one household. */
export function addressOf(nth: number): string {
  return [11 + (nth >> 24), nth >> 16, nth >> 8, nth].map((each) => each & 255).join('.')
}

/** Sends bytes on a connection of their own; the status that came back, or null when the server hung up without one. */
export function send(port: number, bytes: Buffer): Promise<number | null> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    let answer = ''
    const end = () => {
      socket.destroy()
      // After what only asks for the body.
      const status = /^(?:HTTP\/1\.1 100 Continue\r\n\r\n)?HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]
      resolve(status === undefined ? null : Number(status))
    }
    socket.setTimeout(10_000, end)
    socket.on('connect', () => socket.write(bytes))
    socket.on('data', (chunk) => (answer += chunk.toString('latin1')))
    socket.on('error', end)
    socket.on('close', end)
  })
}
