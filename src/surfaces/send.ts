import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Visit } from '../access/admit.ts'
import { addHeaders } from './arrival.ts'
import { addReceipt } from './receipt.ts'

/**
 * A text as the bytes of its UTF-8, one character each. Kept so, an answer is copied to the socket together with its
 * headers in one write, its length is known, and joining such texts joins their bytes.
 */
export type ByteText = string

export function bytesOf(text: string): ByteText {
  return Buffer.from(text, 'utf8').toString('latin1')
}

export function textOf(bytes: ByteText): string {
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

export const JSON_TYPE = 'application/json; charset=utf-8'
const COMPRESSED_FROM_BYTES = 1024

/**
 * Sends bytes that are JSON already; the route's schema only documents them. Where nothing else has to happen to the answer
 * they are written at once, past the framework's hooks: those cost a third of a look-up. An async handler returns the reply,
 * as the framework would answer once more otherwise.
 */
export function sendBytes(
  request: FastifyRequest,
  reply: FastifyReply,
  bytes: ByteText,
  etag: string | null = null,
): FastifyReply {
  const { visit, record } = request
  const isPlain = record === null && visit !== null && visit.charged !== 'open' && !wantsLess(request.headers, bytes)
  if (!isPlain || reply.statusCode !== 200) {
    if (etag !== null) reply.header('etag', etag)
    return reply.type(JSON_TYPE).send(textOf(bytes))
  }
  if (visit.charged === 'nothing') throw new Error(`${visit.door.operation} answered without charging`)
  reply.hijack()
  writeAtOnce(reply.raw, visit, { requestId: request.id, origin: request.headers.origin, bytes, etag })
  return reply
}

/** The whole answer to a visit that was paid for, in one write. */
export function writeAtOnce(
  response: ServerResponse,
  visit: Visit,
  answer: { requestId: string; origin: string | undefined; bytes: ByteText; etag: string | null },
): void {
  const { requestId, origin, bytes, etag } = answer
  visit.bytes = bytes.length
  const headers = ['content-type', JSON_TYPE, 'content-length', String(bytes.length)]
  addHeaders(headers, requestId, origin)
  if (etag !== null) headers.push('etag', etag)
  addReceipt(headers, visit)
  response.writeHead(200, headers)
  response.end(bytes, 'latin1')
}

/** Whether the answer will be compressed. */
export function wantsLess(headers: IncomingHttpHeaders, bytes: ByteText): boolean {
  return headers['accept-encoding'] !== undefined && bytes.length > COMPRESSED_FROM_BYTES
}
