import formbody from '@fastify/formbody'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { DomainError } from '../lib/errors.ts'
import { PICTURE_BYTES_MAX } from '../products/media/intake.ts'
import { readMultipart } from './multipart.ts'

/** A picture, and room for the other fields. */
const UPLOAD_BYTES_MAX = PICTURE_BYTES_MAX + 64 * 1024
/** Each may hold 20 MB until it is answered. */
const UPLOADS_AT_ONCE = 16

/**
 * Lets the routes of a scope take forms, with files as multipart/form-data: the body becomes an object of the fields' texts and
 * the files' Buffers. A larger body is refused with 413, a broken one with 400, and one that comes while too many others
 * are under way with 503.
 */
export async function takeUploads(scope: FastifyInstance): Promise<void> {
  await scope.register(formbody)
  const underWay = new Set<FastifyRequest>()
  scope.addHook('preParsing', (request, _reply, _payload, done) => {
    if (!request.headers['content-type']?.startsWith('multipart/')) return done()
    if (underWay.size >= UPLOADS_AT_ONCE) {
      return done(
        new DomainError('busy', 'Too many pictures are being sent; try again in a moment.', { retryAfterSeconds: 1 }),
      )
    }
    underWay.add(request)
    return done()
  })
  // Also called when the caller hung up.
  scope.addHook('onResponse', (request, _reply, done) => {
    underWay.delete(request)
    done()
  })
  scope.addContentTypeParser(
    'multipart/form-data',
    { parseAs: 'buffer', bodyLimit: UPLOAD_BYTES_MAX },
    (request: FastifyRequest, body: Buffer, done) => {
      const read = readMultipart(request.headers['content-type']!, body)
      if ('fields' in read) done(null, read.fields)
      else done(new DomainError('input_invalid', `The body ${read.fault}.`))
    },
  )
}
