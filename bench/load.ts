import { connect } from 'node:net'

export type Load = { calls: number; seconds: number; callsPerSecond: number; p50Ms: number; p99Ms: number }

/**
 * Keeps `connections` sockets busy for `seconds`, one request at a time on each, and counts whole answers. Reads as little
 * as it can, since it must not be slower than what it measures. Throws on any status but 200.
 */
export async function loadWith(options: {
  port: number
  path: string
  headers: Record<string, string>
  /** Sent by POST; without it the request is a GET. */
  body?: string
  connections: number
  seconds: number
}): Promise<Load> {
  const { body } = options
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
  const lines = Object.entries({ host: '127.0.0.1', ...options.headers, ...length }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  )
  const method = body === undefined ? 'GET' : 'POST'
  const request = Buffer.from(`${method} ${options.path} HTTP/1.1\r\n${lines.join('')}\r\n${body ?? ''}`)
  const latenciesMs: number[] = []
  const beganAt = performance.now()
  const endsAt = beganAt + options.seconds * 1000
  await Promise.all(
    Array.from({ length: options.connections }, () => keepBusy(options.port, request, endsAt, latenciesMs)),
  )
  const seconds = (performance.now() - beganAt) / 1000
  latenciesMs.sort((a, b) => a - b)
  const at = (share: number) => latenciesMs[Math.floor(latenciesMs.length * share)] ?? Number.NaN
  const calls = latenciesMs.length
  return { calls, seconds, callsPerSecond: calls / seconds, p50Ms: at(0.5), p99Ms: at(0.99) }
}

const OK = Buffer.from('HTTP/1.1 200')
const HEAD_END = Buffer.from('\r\n\r\n')

function keepBusy(port: number, request: Buffer, endsAt: number, latenciesMs: number[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    let rest: Buffer | null = null
    let sentAt = 0
    let bodyBytes = -1
    const send = () => {
      sentAt = performance.now()
      socket.write(request)
    }
    socket.on('connect', send)
    socket.on('error', reject)
    socket.on('data', (chunk) => {
      const answer = rest === null ? chunk : Buffer.concat([rest, chunk])
      rest = answer
      const head = answer.indexOf(HEAD_END)
      if (head === -1) return
      if (answer.compare(OK, 0, OK.length, 0, OK.length) !== 0) {
        return reject(new Error(`not 200: ${answer.toString('latin1', 0, 300)}`))
      }
      // Read once: a server answers the same request with as many bytes each time.
      if (bodyBytes === -1) bodyBytes = Number(/content-length: *(\d+)/i.exec(answer.toString('latin1', 0, head))?.[1])
      if (answer.length < head + HEAD_END.length + bodyBytes) return
      rest = null
      const now = performance.now()
      latenciesMs.push(now - sentAt)
      if (now < endsAt) send()
      else socket.end(resolve)
    })
  })
}

/** The middle one of several figures. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}
