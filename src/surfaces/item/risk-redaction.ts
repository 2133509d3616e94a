import { fingerprintOf } from '../../access/idempotency/idempotency.ts'
import { sealDigest } from '../../risk/list/generations.ts'
import type { Redaction } from '../idempotency.ts'

type Told = { checked?: { type: string; value?: unknown } }
type Asked = { value?: unknown }

/** What was checked is not kept, and a token that was renewed meanwhile makes no other request. */
const fingerprint: Redaction['fingerprint'] = (ctx, { method, url, body }) =>
  sealDigest(ctx, fingerprintOf(method, url, { ...(body as object), token: undefined }))

export const redactCheck: Redaction = {
  fingerprint,
  redact: (payload) => JSON.stringify(without(JSON.parse(payload) as Told)),
  restore: (payload, body) => JSON.stringify(withValue(JSON.parse(payload) as Told, body as Asked)),
}

/** As `redactCheck`, for results by the places of what was asked. */
export const redactBatch: Redaction = {
  fingerprint,
  redact: (payload) => {
    const told = JSON.parse(payload) as { results?: Told[] }
    return JSON.stringify(told.results ? { ...told, results: told.results.map(without) } : told)
  },
  restore: (payload, body) => {
    const told = JSON.parse(payload) as { results?: Told[] }
    const { items } = body as { items: Asked[] }
    const results = told.results?.map((each, at) => withValue(each, items[at]!))
    return JSON.stringify(results ? { ...told, results } : told)
  },
}

function without(told: Told): Told {
  return told.checked ? { ...told, checked: { type: told.checked.type } } : told
}

function withValue(told: Told, { value }: Asked): Told {
  // Sent as a number, it was taken for its text.
  return told.checked ? { ...told, checked: { ...told.checked, value: String(value) } } : told
}
