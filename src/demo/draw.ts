import type { Draw } from '../products/media/media.ts'
import { imaging, inTurn } from '../products/media/imaging.ts'
import { findLook } from './catalogue.ts'
import { lightUp } from './light.ts'
import { SIZE } from './pen.ts'
import { setQcStage } from './qc-stage.ts'
import { documentOf, setStage, type Stage } from './stage.ts'
import { DRAWINGS, QC_PHOTOS_MAX, viewsOf } from './views.ts'
import { warp } from './warp.ts'

const NAME = new RegExp(`^${DRAWINGS}/(qc-)?(\\d{6,20})-([1-9]\\d?)\\.webp$`)

/**
 * Draws `v1/<listing>-<n>.webp`, a product's own picture, or `v1/qc-<listing>-<n>.webp`, a photo of its quality control:
 * 800 × 800 WebP, the same bytes for the same name. Null for a name that is not of the demo catalogue.
 */
export const drawDemo: Draw = async (name) => {
  const match = NAME.exec(name)
  const look = match && findLook(match[2]!)
  if (!look) return null
  const number = Number(match[3])
  const view = viewsOf(look.colours.length)[number - 1]
  if (match[1] ? number > QC_PHOTOS_MAX : !view) return null
  const stage = match[1] ? setQcStage(look, number, name) : setStage(look, view!, name)
  return { bytes: await inTurn(() => shoot(stage)), contentType: 'image/webp' }
}

async function shoot({ thing, place, backdrop, lighting }: Stage): Promise<Buffer> {
  const sharp = await imaging()
  const pixels = (svg: string) => sharp(Buffer.from(svg)).resize(SIZE, SIZE)
  const seen = await pixels(documentOf(thing.svg, thing)).ensureAlpha().raw().toBuffer()
  const behind = await pixels(documentOf(backdrop)).removeAlpha().raw().toBuffer()
  const lit = lightUp(place ? warp(seen, place) : seen, behind, lighting)
  return sharp(lit, { raw: { width: SIZE, height: SIZE, channels: 3 } })
    .webp({ quality: 80, effort: 1 })
    .toBuffer()
}
