import { Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'
import { HttpError } from './http.ts'
import { isPublicAddress } from './public-address.ts'
import type { Agent, buildConnector, Dispatcher } from 'undici'
import type { GuardedHttp, Http, HttpDownload, HttpFileRequest, HttpFiles } from './http.ts'

/** `close` drops the connections that are kept open. */
export type Closable = { close(): Promise<void> }

export type HttpOptions = {
  /** The most that is read of one answer, in bytes. */
  maxBytes?: number
  /** Connections to one host at a time; further requests wait. */
  connections?: number
}

export type GuardedOptions = HttpOptions & {
  /** Refuse http:// addresses. */
  httpsOnly?: boolean
  /** Ports that may be asked. */
  ports?: readonly number[]
  /** Stand in for the machine's name servers; each with its port. */
  nameServers?: string[]
  /** Stands in for DNS: every address of a host name. */
  lookup?: (host: string) => Promise<string[]>
  /** Stands in for the rule which addresses may be asked. */
  allows?: (address: string) => boolean
}

const MAX_BYTES = 8 * 1024 * 1024
const CONNECT_TIMEOUT_MS = 5_000
/** Each name server is asked once and waited for so long. */
const NAME_TIMEOUT_MS = 3_000
/** Of the addresses of one host. */
const ADDRESSES_TRIED_MAX = 4

/** Sends requests that we built to hosts that the operator configured. Follows no redirects. */
export function openHttp({ maxBytes = MAX_BYTES, connections = 32 }: HttpOptions = {}): Http & HttpFiles & Closable {
  const { agent, close } = lazily(({ Agent }) => new Agent({ connections, connect: { timeout: CONNECT_TIMEOUT_MS } }))
  const download: HttpFiles['download'] = async (request, signal) => read(await agent(), request, maxBytes, signal)
  return { download, send: textOf(download), close }
}

/**
 * Sends requests to addresses that a user gave. The host must be public: its own spelling when it is an address, else
 * every address it resolves to, and the connection goes to an address that was vetted. Follows no redirects; whoever
 * follows one by hand sends a new request, which is vetted again.
 */
export function openGuardedHttp(options: GuardedOptions = {}): GuardedHttp & Closable {
  const { maxBytes = MAX_BYTES, connections = 8, httpsOnly = true, ports = [80, 443] } = options
  const { lookup = (host: string) => resolveAll(host, options.nameServers), allows = isPublicAddress } = options
  const { agent, close } = lazily(({ Agent, buildConnector }) => {
    const connectTo = buildConnector({ timeout: CONNECT_TIMEOUT_MS })
    return new Agent({ connections, connect: pinned(connectTo, lookup, allows) })
  })

  const download: HttpFiles['download'] = async (request, signal) => {
    const url = URL.parse(request.url)
    const refused = url ? refusal(url, httpsOnly, ports) : 'is not an address'
    if (!url || refused) throw new HttpError('refused', `the address ${refused}`)
    // The parsed spelling is sent, so that what was vetted and what is asked cannot differ.
    return read(await agent(), { ...request, url: url.href }, maxBytes, signal)
  }
  return { download, send: textOf(download), close }
}

const undici = () => import('undici')

/** Loads what the first request would else wait for, and everybody with it: for servers, as most commands send no request. */
export async function loadHttp(): Promise<void> {
  await undici()
}

/** An agent that is opened with the first request. */
function lazily(open: (library: Awaited<ReturnType<typeof undici>>) => Agent): {
  agent: () => Promise<Agent>
  close: () => Promise<void>
} {
  let opened: Promise<Agent> | null = null
  let isClosed = false
  return {
    async agent() {
      if (isClosed) throw new HttpError('unreachable', 'this process is ending')
      return (opened ??= undici().then(open))
    },
    async close() {
      isClosed = true
      await (await opened)?.destroy()
    },
  }
}

function refusal(url: URL, httpsOnly: boolean, ports: readonly number[]): string | null {
  if (url.protocol !== 'https:' && (httpsOnly || url.protocol !== 'http:')) return 'has a scheme that is not allowed'
  if (url.username || url.password) return 'carries a user name'
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80))
  return ports.includes(port) ? null : 'names a port that is not allowed'
}

/**
 * Asks the name servers ourselves: the system's own look-up keeps one of the few threads that files and other look-ups need,
 * and names that nobody answers for would keep all of them. Files such as /etc/hosts, which name what is inside, are not read.
 */
async function resolveAll(host: string, nameServers?: string[]): Promise<string[]> {
  // A new one each time, as the machine's name servers may change.
  const resolver = new Resolver({ timeout: NAME_TIMEOUT_MS, tries: 1 })
  if (nameServers) resolver.setServers(nameServers)
  const [four, six] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)])
  // Most names have addresses of one kind alone.
  if (four.status === 'rejected' && six.status === 'rejected') throw four.reason
  const found = [four, six].map((answer) => (answer.status === 'fulfilled' ? answer.value : []))
  // By turns, so that both kinds are among the few that are tried.
  const most = Math.max(...found.map(({ length }) => length))
  return Array.from({ length: most }, (_, at) => found.flatMap((addresses) => addresses.slice(at, at + 1))).flat()
}

/**
 * Connects only to vetted addresses. A resolver hook alone is not enough: it is never asked when the host is an address
 * already. One forbidden address among several refuses the host, since its owner chooses which one is used.
 */
function pinned(
  connectTo: buildConnector.connector,
  lookup: (host: string) => Promise<string[]>,
  allows: (address: string) => boolean,
): buildConnector.connector {
  const vet = async (host: string): Promise<string[]> => {
    const addresses = isIP(host) ? [host] : await lookup(host)
    if (addresses.length === 0) throw new HttpError('unreachable', 'the host has no address')
    if (!addresses.every(allows)) throw new HttpError('refused', 'the host is not on the public internet')
    return addresses.slice(0, ADDRESSES_TRIED_MAX)
  }

  return (options, callback) => {
    const host = options.hostname.replace(/^\[|\]$/g, '')
    const attempt = ([address, ...others]: string[]): void =>
      // The name stays for TLS and for the Host header; only the address to dial is replaced.
      connectTo({ ...options, hostname: address!, servername: isIP(host) ? '' : host }, (...outcome) => {
        if (outcome[0] && others.length > 0) return attempt(others)
        return callback(...outcome)
      })
    // oxlint-disable-next-line promise/no-callback-in-promise -- undici's connector speaks callbacks
    vet(host).then(attempt, (error: Error) => callback(error, null))
  }
}

function textOf(download: HttpFiles['download']): Http['send'] {
  return async (request, signal) => {
    const { status, headers, bytes } = await download(request, signal)
    return { status, headers, text: new TextDecoder().decode(bytes) }
  }
}

async function read(
  dispatcher: Dispatcher,
  request: HttpFileRequest,
  ownMaxBytes: number,
  signal?: AbortSignal,
): Promise<HttpDownload> {
  const timeout = AbortSignal.timeout(request.timeoutMs)
  const ending = signal ? AbortSignal.any([timeout, signal]) : timeout
  try {
    const library = await undici()
    const asking = library.request(request.url, {
      dispatcher,
      method: request.method,
      // A compressed answer could be far larger than what was counted.
      headers: { 'accept-encoding': 'identity', ...request.headers },
      body: request.body,
      signal: ending,
    })
    // A request hears of its end only once it is connected, and names may take long to resolve.
    const answer = await Promise.race([asking, rejectAt(ending)])
    const headers = flat(answer.headers)
    const bytes = await readBody(answer.body, request.maxBytes ?? ownMaxBytes, Number(headers['content-length'] ?? 0))
    return { status: answer.statusCode, headers, bytes }
  } catch (error) {
    // The caller's own abort is not a fault of the other side.
    if (signal?.aborted) throw signal.reason
    throw toHttpError(error, timeout.aborted, request.timeoutMs)
  }
}

function rejectAt(ending: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    ending.addEventListener('abort', () => reject(ending.reason as Error), { once: true })
  })
}

async function readBody(body: Dispatcher.ResponseData['body'], maxBytes: number, announced: number): Promise<Buffer> {
  const tooLarge = () => new HttpError('too_large', `the answer is larger than ${maxBytes} bytes`)
  // Ends the connection: the rest is not wanted. The listener takes the error that destroying raises.
  const stop = () => body.on('error', () => {}).destroy()
  if (announced > maxBytes) {
    stop()
    throw tooLarge()
  }
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > maxBytes) {
      stop()
      throw tooLarge()
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, size)
}

function flat(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const entries = Object.entries(headers).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), [value].flat().join(', ')]))
}

const TIMEOUT_CODES = new Set(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'])

function toHttpError(error: unknown, timedOut: boolean, timeoutMs: number): HttpError {
  if (error instanceof HttpError) return error
  const told = (error as { code?: unknown }).code
  const code = typeof told === 'string' ? told : ''
  if (timedOut || TIMEOUT_CODES.has(code)) {
    return new HttpError('timeout', `no whole answer within ${timeoutMs} ms`, { cause: error })
  }
  return new HttpError('unreachable', `no whole answer: ${code || 'the connection failed'}`, { cause: error })
}
