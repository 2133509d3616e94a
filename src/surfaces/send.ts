import type { FastifyReply, FastifyRequest } from 'fastify'
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
  const isPlain = record === null && visit !== null && visit.charged !== 'open' && !wantsLess(request, bytes)
  if (!isPlain || reply.statusCode !== 200) {
    if (etag !== null) reply.header('etag', etag)
    return reply.type(JSON_TYPE).send(textOf(bytes))
  }
  if (visit.charged === 'nothing') throw new Error(`${visit.door.operation} answered without charging`)
  visit.bytes = bytes.length
  const headers = ['content-type', JSON_TYPE, 'content-length', String(bytes.length)]
  addHeaders(headers, request)
  if (etag !== null) headers.push('etag', etag)
  addReceipt(headers, visit)
  reply.hijack()
  reply.raw.writeHead(200, headers)
  reply.raw.end(bytes, 'latin1')
  return reply
}

/** Whether the answer will be compressed. */
function wantsLess({ headers }: FastifyRequest, bytes: ByteText): boolean {
  return headers['accept-encoding'] !== undefined && bytes.length > COMPRESSED_FROM_BYTES
}
