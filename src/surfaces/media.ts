import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Ctx } from '../ctx.ts'
import { DomainError } from '../lib/errors.ts'
import { getMedia, type Media } from '../products/media/media.ts'
import { houseRefusal } from './house.ts'
import { holds } from './printed.ts'

/** Pictures under `/media/`: their names never change meaning, so callers may keep them for good. */
export function mediaRoutes(app: FastifyInstance, ctx: Ctx): void {
  app.get('/media/*', { config: { scope: 'public', cost: 0 } }, async (request, reply) => {
    const media = await getMedia(ctx, request.raw.url ?? '')
    if (!media) {
      const { status, body } = houseRefusal(new DomainError('not_found', 'There is no such picture.'))
      return reply.code(status).send(body)
    }
    reply
      .header('Cache-Control', cacheControl(media, ctx.clock.now()))
      .header('ETag', media.etag)
      .header('Accept-Ranges', 'bytes')
      .header('X-Content-Type-Options', 'nosniff')
      .header('Content-Security-Policy', "default-src 'none'")
    if (holds(request, media.etag)) return reply.code(304).send()
    return sendAsked(request, reply.type(media.contentType), media)
  })
}

function cacheControl({ expiresAt }: Media, now: Date): string {
  if (expiresAt === null) return 'public, max-age=31536000, immutable'
  return `private, max-age=${Math.floor((expiresAt.getTime() - now.getTime()) / 1000)}, immutable`
}

/** The whole picture, or the one range of it that was asked for. */
function sendAsked(request: FastifyRequest, reply: FastifyReply, { bytes, etag }: Media): FastifyReply {
  const { range, 'if-range': ifRange } = request.headers
  const isRanged = request.method === 'GET' && range !== undefined && (ifRange === undefined || ifRange === etag)
  const asked = isRanged ? rangeOf(range, bytes.length) : null
  if (!asked) return reply.send(bytes)
  const { from, to } = asked
  if (from >= to) {
    // It is about this range only, and must not be kept for the picture.
    return reply.code(416).header('Cache-Control', 'no-store').header('Content-Range', `bytes */${bytes.length}`).send()
  }
  reply.code(206).header('Content-Range', `bytes ${from}-${to - 1}/${bytes.length}`)
  return reply.send(bytes.subarray(from, to))
}

/**
 * A range of bytes as `from` up to, not including, `to`; empty when it lies outside. Null for what is no range, or several:
 * those are answered with the whole.
 */
function rangeOf(header: string, length: number): { from: number; to: number } | null {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header.trim()) ?? []
  if (first === '') return last === '' ? null : { from: Math.max(0, length - Number(last)), to: length }
  if (last === '') return { from: Number(first), to: length }
  if (Number(last) < Number(first)) return null
  return { from: Number(first), to: Math.min(Number(last) + 1, length) }
}
