import { createHmac } from 'node:crypto'

/**
 * The signature of a `param2` call: HMAC-SHA1 over the path (from `param2/`, without host) and the parameters sorted by
 * key, each key followed by its raw value. Upper-case hex.
 */
export function signParam2(appSecret: string, path: string, params: Readonly<Record<string, string>>): string {
  const sorted = Object.keys(params).sort()
  const signed = path + sorted.map((key) => key + params[key]).join('')
  return createHmac('sha1', appSecret).update(signed, 'utf8').digest('hex').toUpperCase()
}
