/** Every way in which a caller can be told no. Each surface maps each code to its own status and words. */
export const ERROR_CODES = [
  'key_missing',
  'key_malformed',
  'key_unknown',
  'key_revoked',
  'address_not_allowed',
  'scope_missing',
  'tier_too_low',
  'rate_limited',
  'quota_spent',
  'credits_spent',
  'balance_too_low',
  'cap_reached',
  'input_invalid',
  'input_missing',
  'url_not_supported',
  'not_found',
  'route_unknown',
  'method_not_allowed',
  'body_too_large',
  'conflict',
  'unprocessable',
  'busy',
  'sources_down',
  'internal',
] as const
export type ErrorCode = (typeof ERROR_CODES)[number]

/** A refusal that the caller can cause and understand. Anything else that is thrown is a fault of ours. */
export class DomainError extends Error {
  override name = 'DomainError'
  readonly code: ErrorCode
  readonly details: Readonly<Record<string, string | number>>

  constructor(
    code: ErrorCode,
    message: string,
    details: Readonly<Record<string, string | number>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options)
    this.code = code
    this.details = details
  }
}

/** A fault of the operator's making (a setting, a file, a command line): printed as one line, without a stack. */
export class OperatorError extends Error {
  override name = 'OperatorError'
}
