import { parse } from 'lossless-json'

/**
 * Reads JSON as upstreams send it. Whole numbers beyond 2^53 come out as digit strings, since they are ids; every other
 * number as a number. Returns undefined for text that is not JSON.
 */
export function parseJson(text: string): unknown {
  try {
    return parse(text, null, { parseNumber: toNumber, onDuplicateKey: ({ newValue }) => newValue })
  } catch {
    // A syntax error, or nesting deep enough to exhaust the stack.
    return undefined
  }
}

function toNumber(text: string): number | string {
  const value = Number(text)
  return /^-?\d+$/.test(text) && !Number.isSafeInteger(value) ? text : value
}
