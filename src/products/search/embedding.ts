import type { Workers } from '../../lib/workers.ts'
import { inThread } from '../media/threads.ts'
import { openClassic } from './embedder/embedder.ts'
import type { PictureQuery } from './embedder/features.ts'
import type { Embedding } from './node.ts'
import type { EmbedOrder } from './tasks/embed.ts'

const TASK = new URL('tasks/embed.ts', import.meta.url)

/** The embedder with this asset, at work in the threads. Throws an `OperatorError` for an asset that it cannot read. */
export function openEmbedding(workers: Workers, asset: Uint8Array): Embedding {
  const { info } = openClassic(asset)
  // Once for all threads, not a copy with every picture.
  const shared = new Uint8Array(new SharedArrayBuffer(asset.byteLength))
  shared.set(asset)
  const order = (bytes: Buffer, as: EmbedOrder['as']): EmbedOrder => {
    return { bytes, asset: shared, fingerprint: info.fingerprint, as }
  }
  return {
    info,
    async embed(picture, options) {
      return Buffer.from(await inThread<Uint8Array>(workers, TASK, order(picture, 'features'), options))
    },
    embedQuery: (picture) => inThread<PictureQuery>(workers, TASK, order(picture, 'query')),
  }
}
