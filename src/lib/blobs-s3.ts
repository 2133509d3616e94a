import { hash } from 'node:crypto'
import { AwsV4Signer } from 'aws4fetch'
import { BlobsDown, isBlobName, requireBlobName, type Blobs } from './blobs.ts'
import type { Clock } from './clock.ts'
import { OperatorError } from './errors.ts'
import { HttpError, type HttpDownload, type HttpFileRequest, type HttpFiles } from './http.ts'

export type S3Options = {
  /** Without a trailing slash; the bucket follows in the path. */
  endpoint: string
  bucket: string
  region: string
  accessKey: string
  secretKey: string
  http: HttpFiles
  clock: Clock
}

type Call = { method: HttpFileRequest['method']; path: string; body?: Uint8Array }

const TIMEOUT_MS = 30_000
/** The largest blob is what `restore` reads of one. */
const BYTES_MAX = 256 * 1024 * 1024
/** Between the tries of a call that may work the next time. */
const PAUSES_MS = [100, 400, 1_600]

/**
 * Blobs as objects of a bucket that speaks S3. Every call is tried again when the other side fails or does not answer: all of
 * them may be repeated. Throws an `OperatorError` when the bucket is not there or not ours, and `BlobsDown` when it goes on
 * failing.
 */
export function s3Blobs(options: S3Options): Blobs {
  const at = (name: string) => `/${options.bucket}/${requireBlobName(name)}`

  return {
    async get(name) {
      const answer = await call(options, { method: 'GET', path: at(name) })
      return answer.status === 404 ? null : answer.bytes
    },
    async put(name, bytes) {
      await call(options, { method: 'PUT', path: at(name), body: bytes })
    },
    async delete(name) {
      await call(options, { method: 'DELETE', path: at(name) })
    },
    async *list() {
      for (let token: string | null = ''; token !== null;) {
        const from = token && `&continuation-token=${encodeURIComponent(token)}`
        const { bytes } = await call(options, { method: 'GET', path: `/${options.bucket}?list-type=2${from}` })
        const page = bytes.toString('utf8')
        if (!page.includes('<ListBucketResult')) throw noS3(options, 'no list of objects')
        yield* textsOf(page, 'Key').filter(isBlobName)
        token = textsOf(page, 'NextContinuationToken')[0] ?? null
      }
    },
  }
}

/** The answer to a call: a success, or a 404 that means that there is no such object. */
async function call(options: S3Options, asked: Call): Promise<HttpDownload> {
  for (const pauseMs of [...PAUSES_MS, null]) {
    const outcome = await attempt(options, asked)
    if (!(outcome instanceof Error)) return outcome
    if (pauseMs === null) throw outcome
    await options.clock.sleep(pauseMs)
  }
  throw new Error('unreachable')
}

/** An error is worth another try; what is not is thrown. */
async function attempt(options: S3Options, asked: Call): Promise<HttpDownload | BlobsDown> {
  const sent = options.http.download(await signed(options, asked))
  const answer = await sent.catch((error: unknown) => {
    if (error instanceof HttpError && error.kind !== 'too_large') return error
    throw error
  })
  if (answer instanceof Error)
    return new BlobsDown(`S3 at ${options.endpoint} does not answer a ${asked.method}: ${answer.message}`, {
      cause: answer,
    })
  const { status, bytes } = answer
  if (status >= 200 && status < 300) return answer
  const code = textsOf(bytes.toString('utf8'), 'Code')[0] ?? 'no reason'
  if (status === 404 && isMissing(asked, code)) return answer
  if (status >= 500 || status === 429)
    return new BlobsDown(`S3 at ${options.endpoint} answers ${status} (${code}) to a ${asked.method}`)
  throw refusal(options, status, code)
}

/** Whether a 404 says that there is no such object: some servers say so without a reason where one is to be deleted. */
function isMissing({ method }: Call, code: string): boolean {
  return method === 'DELETE' ? code !== 'NoSuchBucket' : method === 'GET' && code === 'NoSuchKey'
}

function noS3({ endpoint }: S3Options, answer: string): OperatorError {
  return new OperatorError(`What answers at ${endpoint} is no S3 (${answer}): correct S3_ENDPOINT.`)
}

function refusal(options: S3Options, status: number, code: string): OperatorError {
  const { endpoint, bucket } = options
  const told = `S3 at ${endpoint} answers ${status} (${code})`
  if (code === 'NoSuchBucket') return new OperatorError(`${told}: make the bucket ${bucket}, or correct S3_BUCKET.`)
  if (status === 404) return noS3(options, `404, ${code}`)
  return new OperatorError(`${told}: check S3_ACCESS_KEY, S3_SECRET_KEY, S3_REGION and the rights on ${bucket}.`)
}

async function signed(options: S3Options, { method, path, body }: Call): Promise<HttpFileRequest> {
  const { endpoint, region, accessKey, secretKey, clock } = options
  const signer = new AwsV4Signer({
    method,
    url: endpoint + path,
    headers: { 'x-amz-content-sha256': hash('sha256', body ?? '') },
    accessKeyId: accessKey,
    secretAccessKey: secretKey,
    service: 's3',
    region,
    datetime: clock
      .now()
      .toISOString()
      .replaceAll(/[:-]|\.\d{3}/g, ''),
  })
  const { url, headers } = await signer.sign()
  return {
    method,
    url: url.href,
    headers: Object.fromEntries(headers),
    body: body ?? null,
    timeoutMs: TIMEOUT_MS,
    maxBytes: BYTES_MAX,
  }
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** The texts of all elements of a name. */
function textsOf(xml: string, element: string): string[] {
  const texts = xml.matchAll(new RegExp(`<${element}>([^<]*)</${element}>`, 'g'))
  return [...texts].map(([, text]) => text!.replaceAll(/&(\w+);/g, (all, name: string) => ENTITIES[name] ?? all))
}
