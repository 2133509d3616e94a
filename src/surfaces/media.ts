import type { FastifyInstance } from 'fastify'
import type { Ctx } from '../ctx.ts'
import { DomainError } from '../lib/errors.ts'
import { getMedia } from '../products/media/media.ts'
import { houseRefusal } from './house.ts'
import { holds } from './printed.ts'

/** Pictures under `/media/`: their names never change meaning, so callers may keep them for good. */
export function mediaRoutes(app: FastifyInstance, ctx: Ctx): void {
  app.get('/media/*', { config: { scope: 'public', cost: 0 } }, async (request, reply) => {
    const media = await getMedia(ctx, new URL(request.url, 'http://localhost').pathname)
    if (!media) {
      const { status, body } = houseRefusal(new DomainError('not_found', 'There is no such picture.'))
      return reply.code(status).send(body)
    }
    reply
      .header('Cache-Control', 'public, max-age=31536000, immutable')
      .header('ETag', media.etag)
      .header('X-Content-Type-Options', 'nosniff')
      .header('Content-Security-Policy', "default-src 'none'")
    if (holds(request, media.etag)) return reply.code(304).send()
    return reply.type(media.contentType).send(media.bytes)
  })
}
