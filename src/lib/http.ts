/** A request as connectors build it: data only, so that tests can compare it whole. */
export type HttpRequest = {
  method: 'GET' | 'POST'
  url: string
  headers: Record<string, string>
  body: string | null
  timeoutMs: number
}

/** As `HttpRequest`, for pictures and other files. */
export type HttpFileRequest = Omit<HttpRequest, 'method' | 'body'> & {
  method: HttpRequest['method'] | 'PUT' | 'DELETE'
  body: string | Uint8Array | null
  /** The most that is read of the answer, in bytes; the sender's own limit unless given. */
  maxBytes?: number
}

/** An answer, read whole. `text` is at most the sender's limit. */
export type HttpResponse = { status: number; headers: Record<string, string>; text: string }

/** As `HttpResponse`, with the bytes as they came: pictures and other files. */
export type HttpDownload = { status: number; headers: Record<string, string>; bytes: Buffer }

/** Sends bytes. Rejects with `HttpError` when no whole answer came. */
export type Http = { send(request: HttpRequest, signal?: AbortSignal): Promise<HttpResponse> }

/** As `Http`, for files. */
export type HttpFiles = { download(request: HttpFileRequest, signal?: AbortSignal): Promise<HttpDownload> }

/** For addresses that a user gave: everything that is not a public address is refused. */
export type GuardedHttp = Http & HttpFiles

/**
 * No whole answer: not reachable or broken off, timed out, larger than the limit, or `refused`, an address that must
 * not be asked. `kind` tells which. The message carries no part of the request's query, which may hold credentials.
 */
export class HttpError extends Error {
  override name = 'HttpError'
  readonly kind: 'unreachable' | 'timeout' | 'too_large' | 'refused'

  constructor(kind: HttpError['kind'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.kind = kind
  }
}
