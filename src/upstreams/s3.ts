import { createHmac, hash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock } from '../lib/clock.ts'

const BUCKET = 'local-bucket'
const ACCESS_KEY = 'LOCALACCESSKEY'
const SECRET_KEY = 'local/secret+key'
const REGION = 'local-1'
const CLOCK_SKEW_MS = 15 * 60_000
const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/

/** `http-500` and `slow-down` are answers that may be better the next time; `drop` breaks the connection. */
export type S3Fault = 'http-500' | 'slow-down' | 'drop'

export type S3Server = {
  /** The environment that makes a server of ours use it. */
  env: Record<'S3_ENDPOINT' | 'S3_BUCKET' | 'S3_REGION' | 'S3_ACCESS_KEY' | 'S3_SECRET_KEY', string>
  objects: Map<string, Buffer>
  /** Faults of the next calls, one each. */
  faults: S3Fault[]
  /** Each call's method and target, those that failed too. */
  calls: string[]
  stop(): Promise<void>
}

type Call = { request: IncomingMessage; body: Buffer; url: URL }
type Reply = { status: number; body: Buffer }

/**
 * Starts a server that speaks as much of S3 as we use, with one bucket in memory: objects by path, and lists in pages of
 * `pageSize`. A request whose signature, body or date does not fit is refused.
 */
export async function startS3({ clock, pageSize = 1_000 }: { clock: Clock; pageSize?: number }): Promise<S3Server> {
  const objects = new Map<string, Buffer>()
  const faults: S3Fault[] = []
  const calls: string[] = []

  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    calls.push(`${request.method} ${request.url}`)
    const body = Buffer.concat((await request.toArray()) as Buffer[])
    const fault = faults.shift()
    if (fault === 'drop') return response.destroy()
    const call = { request, body, url: new URL(request.url ?? '/', 'http://s3.invalid') }
    const reply = fault ? failed(fault) : (refusal(call, clock.now()) ?? answer(call, objects, pageSize))
    return response.writeHead(reply.status, { 'content-length': reply.body.length }).end(reply.body)
  }
  const server = createServer((request, response) => void serve(request, response).catch(() => response.destroy()))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  const env = {
    S3_ENDPOINT: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    S3_BUCKET: BUCKET,
    S3_REGION: REGION,
    S3_ACCESS_KEY: ACCESS_KEY,
    S3_SECRET_KEY: SECRET_KEY,
  }
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { env, objects, faults, calls, stop }
}

function answer({ request, body, url }: Call, objects: Map<string, Buffer>, pageSize: number): Reply {
  const [, bucket, ...rest] = url.pathname.split('/')
  if (bucket !== BUCKET) return told(404, 'NoSuchBucket')
  const name = rest.join('/')
  if (name === '') return list(url.searchParams, objects, pageSize)
  if (request.method === 'PUT') objects.set(name, body)
  if (request.method === 'PUT') return { status: 200, body: Buffer.alloc(0) }
  if (request.method === 'DELETE') objects.delete(name)
  if (request.method === 'DELETE') return { status: 204, body: Buffer.alloc(0) }
  const found = objects.get(name)
  return found ? { status: 200, body: found } : told(404, 'NoSuchKey')
}

/** Tokens are opaque; these end in what XML and addresses have to escape. */
const TOKEN_END = '&+ ='

function list(query: URLSearchParams, objects: Map<string, Buffer>, pageSize: number): Reply {
  const after = query.get('continuation-token')?.slice(0, -TOKEN_END.length) ?? ''
  const names = [...objects.keys()].sort().filter((name) => name > after)
  const page = names.slice(0, pageSize)
  const contents = page.map((name) => `<Contents><Key>${escaped(name)}</Key></Contents>`).join('')
  const next =
    names.length > page.length
      ? `<NextContinuationToken>${escaped(page.at(-1)! + TOKEN_END)}</NextContinuationToken>`
      : ''
  return {
    status: 200,
    body: Buffer.from(`<?xml version="1.0"?><ListBucketResult>${contents}${next}</ListBucketResult>`),
  }
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function failed(fault: 'http-500' | 'slow-down'): Reply {
  return fault === 'http-500' ? told(500, 'InternalError') : told(503, 'SlowDown')
}

function told(status: number, code: string): Reply {
  return { status, body: Buffer.from(`<?xml version="1.0"?><Error><Code>${code}</Code></Error>`) }
}

/** Checks a request as Signature Version 4 has it; null when it is in order. */
function refusal({ request, body, url }: Call, now: Date): Reply | null {
  const { headers, method } = request
  const match = AUTHORIZATION.exec(headers.authorization ?? '')
  if (!match) return told(403, 'AccessDenied')
  const [, accessKey, day, region, signedHeaders, signature] = match as unknown as string[]
  if (accessKey !== ACCESS_KEY) return told(403, 'InvalidAccessKeyId')
  if (region !== REGION) return told(400, 'AuthorizationHeaderMalformed')

  const at = String(headers['x-amz-date'])
  const sentAt = Date.parse(at.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
  if (!(Math.abs(now.getTime() - sentAt) <= CLOCK_SKEW_MS) || !at.startsWith(day!)) {
    return told(403, 'RequestTimeTooSkewed')
  }
  const digest = headers['x-amz-content-sha256']
  if (digest !== hash('sha256', body)) return told(400, 'XAmzContentSHA256Mismatch')
  const names = signedHeaders!.split(';')
  if (!['host', 'x-amz-content-sha256', 'x-amz-date'].every((name) => names.includes(name))) {
    return told(403, 'AccessDenied')
  }

  const canonical = [
    method,
    url.pathname,
    [...url.searchParams]
      .map((pair) => pair.map(percentEncoded).join('='))
      .sort()
      .join('&'),
    ...names.map((name) => `${name}:${String(headers[name]).trim()}`),
    '',
    signedHeaders,
    digest,
  ].join('\n')
  const scope = `${day}/${region}/s3/aws4_request`
  const expected = signatureOf(['AWS4-HMAC-SHA256', at, scope, hash('sha256', canonical)].join('\n'), scope)
  return signature === expected ? null : told(403, 'SignatureDoesNotMatch')
}

function signatureOf(text: string, scope: string): string {
  const hmac = (key: string | Buffer, part: string) => createHmac('sha256', key).update(part).digest()
  const key = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${SECRET_KEY}`)
  return hmac(key, text).toString('hex')
}

function percentEncoded(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)
}
