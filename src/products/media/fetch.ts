import type { Ctx } from '../../ctx.ts'
import { DomainError } from '../../lib/errors.ts'
import { formatOf } from './container.ts'
import { PICTURE_BYTES_MAX } from './intake.ts'

const FETCH_MS_MAX = 10_000
const REDIRECTS_MAX = 3
const REDIRECTS = new Set([301, 302, 303, 307, 308])

/**
 * The bytes of a picture at an address that a caller gave: of a public host, by https, at most 10 MB within 10 s, after at
 * most three redirects, each of them vetted like the first address. Throws `DomainError('input_invalid')` for a text that
 * is no http address, else one and the same `DomainError('unprocessable')` whatever went wrong, as what a host answered
 * would tell a caller what is there. The bytes begin like a picture; nothing more is known of them.
 */
export async function fetchPicture(ctx: Pick<Ctx, 'guardedHttp'>, address: string): Promise<Buffer> {
  assertAddress(address)
  try {
    const bytes = await download(ctx, address)
    formatOf(bytes)
    return bytes
  } catch (error) {
    throw new DomainError(
      'unprocessable',
      'No picture could be fetched from this address: it must be a public https address that answers with a JPEG, PNG, ' +
        'WebP or AVIF file of at most 10 MB within 10 seconds.',
      {},
      { cause: error },
    )
  }
}

/** Throws `DomainError('input_invalid')` for a text that is neither an http address nor a path below `/media/`. */
export function assertAddress(address: string): void {
  if (address.startsWith('/media/') || /^https?:$/.test(URL.parse(address)?.protocol ?? '')) return
  throw new DomainError('input_invalid', 'The address of a picture must begin with https://.')
}

async function download({ guardedHttp }: Pick<Ctx, 'guardedHttp'>, address: string): Promise<Buffer> {
  const deadline = AbortSignal.timeout(FETCH_MS_MAX)
  let url = address
  for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects++) {
    const { status, headers, bytes } = await guardedHttp.download(
      {
        method: 'GET',
        url,
        headers: { accept: 'image/avif,image/webp,image/png,image/jpeg' },
        body: null,
        timeoutMs: FETCH_MS_MAX,
        maxBytes: PICTURE_BYTES_MAX,
      },
      deadline,
    )
    if (status === 200) return bytes
    if (!REDIRECTS.has(status)) throw new Error(`status ${status}`)
    url = new URL(headers['location'] ?? '', url).href
  }
  throw new Error('too many redirects')
}
