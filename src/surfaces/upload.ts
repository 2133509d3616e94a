import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { DomainError } from '../lib/errors.ts'
import { PICTURE_BYTES_MAX } from '../products/media/intake.ts'

/** A picture, and room for the other fields. */
export const UPLOAD_BYTES_MAX = PICTURE_BYTES_MAX + 64 * 1024
const PARTS_MAX = 20

/** The schema of a field that holds a picture; `fileOf` reads it. */
export const picturePart = () =>
  Type.Optional(
    Type.Unsafe<unknown>({
      contentMediaType: 'application/octet-stream',
      description: 'a JPEG, PNG, WebP or AVIF file of at most 10 MB',
    }),
  )

/** The bytes of a file that was sent, null when none was. Throws `input_invalid` for a text in its place. */
export function fileOf(fields: { image?: unknown }): Buffer | null {
  const { image } = fields
  if (image === undefined) return null
  if (Buffer.isBuffer(image)) return image
  throw new DomainError('input_invalid', 'image must be a file of a multipart/form-data body.')
}

/**
 * Lets the routes of a scope take multipart/form-data: the body becomes an object of the fields' texts and the files'
 * Buffers. A larger body is refused with 413; one that is broken, or that names a field twice, with 400.
 */
export function takeUploads(scope: FastifyInstance): void {
  scope.addContentTypeParser(
    'multipart/form-data',
    { parseAs: 'buffer', bodyLimit: UPLOAD_BYTES_MAX },
    (request: FastifyRequest, body: Buffer) => readForm(request.headers['content-type']!, body),
  )
}

async function readForm(contentType: string, body: Buffer): Promise<Record<string, string | Buffer>> {
  // Reading a body of a million small parts would take long; a part begins with a line of the boundary.
  const boundary = /boundary=(?:"([^"]{1,200})"|([^\s;]{1,200}))/i.exec(contentType)
  const line = boundary && `--${boundary[1] ?? boundary[2]}`
  if (!line || occurs(body, line, PARTS_MAX + 2)) throw broken(`is no readable form of at most ${PARTS_MAX} fields`)
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': contentType } })
    .formData()
    .catch((error: unknown) => {
      throw broken('is no readable multipart/form-data', error)
    })
  const fields: Record<string, string | Buffer> = Object.create(null)
  for (const [name, value] of form) {
    if (name in fields) throw broken(`names ${name.slice(0, 50)} twice`)
    fields[name] = typeof value === 'string' ? value : Buffer.from(await value.arrayBuffer())
  }
  return fields
}

/** Whether the text stands in the bytes this many times. */
function occurs(bytes: Buffer, text: string, times: number): boolean {
  let count = 0
  for (let at = bytes.indexOf(text); at !== -1; at = bytes.indexOf(text, at + text.length)) {
    if (++count === times) return true
  }
  return false
}

function broken(fault: string, cause?: unknown): DomainError {
  return new DomainError('input_invalid', `The body ${fault}.`, {}, { cause })
}
