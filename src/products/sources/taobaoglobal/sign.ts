import { createHmac } from 'node:crypto'

/**
 * The signature of the IOP gateway family: HMAC-SHA256 over the path (without `/rest`) and the parameters sorted by key,
 * each key followed by its raw value. Upper-case hex.
 */
export function signIop(appSecret: string, path: string, params: Readonly<Record<string, string>>): string {
  const sorted = Object.keys(params).sort()
  const signed = path + sorted.map((key) => key + params[key]).join('')
  return createHmac('sha256', appSecret).update(signed, 'utf8').digest('hex').toUpperCase()
}
