import { imaging } from '../../products/media/imaging.ts'
import { lightUp } from '../light.ts'
import { SIZE } from '../pen.ts'
import { documentOf, type Stage } from '../stage.ts'
import { uncut } from '../cut.ts'
import { placing, warp } from '../warp.ts'

/** Takes the picture of a stage: 800 × 800 WebP, the same bytes for the same stage. */
export default async function shoot({ thing, place, backdrop, lighting }: Stage): Promise<Uint8Array> {
  const sharp = await imaging()
  const pixels = (svg: string) => sharp(Buffer.from(svg)).resize(SIZE, SIZE)
  const seen = await pixels(documentOf(thing.svg, thing)).ensureAlpha().raw().toBuffer()
  const behind = await pixels(documentOf(backdrop)).removeAlpha().raw().toBuffer()
  const placed = warp(
    seen,
    place ?? placing({}),
    uncut(thing.cut, lighting.pose === 'stand' ? lighting.floor : SIZE / 2),
  )
  const lit = lightUp(placed, behind, lighting)
  return sharp(lit, { raw: { width: SIZE, height: SIZE, channels: 3 } })
    .webp({ quality: 80, effort: 1 })
    .toBuffer()
}
