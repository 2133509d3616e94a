/** A request as connectors build it: data only, so that tests can compare it whole. */
export type HttpRequest = {
  method: 'GET' | 'POST'
  url: string
  headers: Record<string, string>
  body: string | null
  timeoutMs: number
}

/** An answer, read whole. `text` is at most the sender's limit. */
export type HttpResponse = { status: number; headers: Record<string, string>; text: string }

/** Sends bytes. Rejects with `HttpError` when no whole answer came. */
export type Http = { send(request: HttpRequest, signal?: AbortSignal): Promise<HttpResponse> }

/** No whole answer: refused, reset, timed out, too large. `kind` tells which. */
export class HttpError extends Error {
  override name = 'HttpError'
  readonly kind: 'unreachable' | 'timeout' | 'too_large'

  constructor(kind: HttpError['kind'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.kind = kind
  }
}
