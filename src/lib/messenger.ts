import type { Http, HttpRequest } from './http.ts'

/** A message to a person, by mail or to a phone. */
export type Message = { channel: 'email' | 'sms'; to: string; text: string }
/** Rejects unless it is known that the message was taken; it may have been sent all the same. */
export type Messenger = { send(message: Message): Promise<void> }

const TIMEOUT_MS = 5_000

/** Posts messages as JSON to the operator's own service, which sends them by whatever it has; `key` is its bearer token. */
export function openMessenger(http: Http, service: { url: string; key: string | null }): Messenger {
  return {
    async send(message) {
      const { status } = await http.send(messageRequest(service, message))
      if (status < 200 || status > 299) throw new Error(`the sender of messages answered ${status}`)
    },
  }
}

function messageRequest({ url, key }: { url: string; key: string | null }, message: Message): HttpRequest {
  return {
    method: 'POST',
    url,
    headers: { 'content-type': 'application/json', ...(key !== null && { authorization: `Bearer ${key}` }) },
    body: JSON.stringify(message),
    timeoutMs: TIMEOUT_MS,
  }
}
