import type { Workers } from '../lib/workers.ts'
import type { Draw } from '../products/media/media.ts'
import { findLook } from './catalogue.ts'
import { setQcStage } from './qc-stage.ts'
import { setStage } from './stage.ts'
import { DRAWINGS, QC_PHOTOS_MAX, viewsOf } from './views.ts'

const NAME = new RegExp(`^${DRAWINGS}/(qc-)?(\\d{6,20})-([1-9]\\d?)\\.webp$`)
const SHOOT = new URL('tasks/shoot.ts', import.meta.url)

/**
 * Draws `v2/<listing>-<n>.webp`, a product's own picture, or `v2/qc-<listing>-<n>.webp`, a photo of its quality control:
 * 800 × 800 WebP, the same bytes for the same name. Null for a name that is not of the demo catalogue.
 */
export function drawDemo(workers: Workers): Draw {
  return async (name, options) => {
    const match = NAME.exec(name)
    const look = match && findLook(match[2]!)
    if (!look) return null
    const number = Number(match[3])
    const view = viewsOf(look.colours.length)[number - 1]
    if (match[1] ? number > QC_PHOTOS_MAX : !view) return null
    const stage = match[1] ? setQcStage(look, number, name) : setStage(look, view!, name)
    const { buffer } = await workers.run<Uint8Array<ArrayBuffer>>(SHOOT, stage, options)
    return { bytes: Buffer.from(buffer), contentType: 'image/webp' }
  }
}
