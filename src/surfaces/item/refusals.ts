import { Type } from 'typebox'
import type { DomainError, ErrorCode } from '../../lib/errors.ts'
import { errorAnswersOf, type Refusal } from '../surface.ts'

const REFUSALS: Record<ErrorCode, [status: number, code: string]> = {
  key_missing: [401, 'missing_api_key'],
  key_malformed: [401, 'invalid_api_key'],
  key_unknown: [401, 'invalid_api_key'],
  key_revoked: [401, 'invalid_api_key'],
  address_not_allowed: [403, 'forbidden'],
  scope_missing: [403, 'forbidden'],
  tier_too_low: [403, 'forbidden'],
  rate_limited: [429, 'rate_limited'],
  quota_spent: [429, 'rate_limited'],
  credits_spent: [402, 'insufficient_balance'],
  balance_too_low: [402, 'insufficient_balance'],
  cap_reached: [402, 'insufficient_balance'],
  input_invalid: [400, 'invalid_parameter'],
  input_missing: [400, 'missing_parameter'],
  url_not_supported: [400, 'invalid_url'],
  not_found: [404, 'not_found'],
  route_unknown: [404, 'not_found'],
  method_not_allowed: [405, 'method_not_allowed'],
  body_too_large: [413, 'payload_too_large'],
  conflict: [409, 'conflict'],
  unprocessable: [400, 'invalid_parameter'],
  busy: [503, 'server_error'],
  sources_down: [500, 'server_error'],
  internal: [500, 'server_error'],
}

/** `{"error":"<code>","message"}` */
export function refuse(error: DomainError): Refusal {
  const [status, code] = REFUSALS[error.code]
  return { status, body: { error: code, message: messageOf(error) } }
}

function messageOf({ code, message, details }: DomainError): string {
  return code === 'rate_limited' && details['window'] === 'second' ? `Max ${details['max']} requests/sec` : message
}

/** The error answers of a route, for its schema. */
export const errorAnswers = errorAnswersOf(Type.Object({ error: Type.String(), message: Type.String() }))
