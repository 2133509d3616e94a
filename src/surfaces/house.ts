import { Type } from 'typebox'
import type { DomainError, ErrorCode } from '../lib/errors.ts'
import { errorAnswersOf, type Refusal } from './surface.ts'

/** The house envelope, which qc's text defines: status and code for every refusal. */
export const HOUSE: Readonly<Record<ErrorCode, readonly [status: number, code: string]>> = {
  key_missing: [401, 'UNAUTHORIZED'],
  key_malformed: [401, 'INVALID_KEY'],
  key_unknown: [401, 'INVALID_KEY'],
  key_revoked: [401, 'REVOKED_KEY'],
  address_not_allowed: [403, 'IP_NOT_AUTHORIZED'],
  scope_missing: [403, 'FORBIDDEN'],
  tier_too_low: [403, 'FORBIDDEN'],
  rate_limited: [429, 'RATE_LIMITED'],
  quota_spent: [429, 'QUOTA_EXCEEDED'],
  credits_spent: [429, 'CREDITS_EXHAUSTED'],
  balance_too_low: [402, 'INSUFFICIENT_BALANCE'],
  cap_reached: [402, 'SPENDING_CAP_REACHED'],
  input_invalid: [400, 'BAD_REQUEST'],
  input_missing: [400, 'BAD_REQUEST'],
  url_not_supported: [400, 'BAD_REQUEST'],
  not_found: [404, 'NOT_FOUND'],
  route_unknown: [404, 'NOT_FOUND'],
  method_not_allowed: [405, 'METHOD_NOT_ALLOWED'],
  body_too_large: [413, 'PAYLOAD_TOO_LARGE'],
  conflict: [409, 'CONFLICT'],
  unprocessable: [422, 'UNPROCESSABLE'],
  busy: [503, 'BUSY'],
  sources_down: [500, 'INTERNAL'],
  internal: [500, 'INTERNAL'],
}

/** `{"error":{"code","message"[,"retry_after"]}}` */
export function houseRefusal(error: DomainError): Refusal {
  const [status, code] = HOUSE[error.code]
  const retryAfterSeconds = error.details['retryAfterSeconds']
  const retry = retryAfterSeconds === undefined ? {} : { retry_after: retryAfterSeconds }
  return { status, body: { error: { code, message: error.message, ...retry } } }
}

/** The error answers of a route, for its schema. */
export const errorAnswers = errorAnswersOf(
  Type.Object({
    error: Type.Object({
      code: Type.String(),
      message: Type.String(),
      retry_after: Type.Optional(Type.Integer({ description: 'Seconds until it is worth trying again.' })),
    }),
  }),
)
