import { colourHistogram, colourLayout, HISTOGRAM_DIM, labOf, LAYOUT_DIM } from './colour.ts'
import { edgePyramid, EDGES_DIM } from './edges.ts'
import { average, type Plane } from './planes.ts'

/** How many numbers a picture is described by before they are reduced. */
export const RAW_DIM = HISTOGRAM_DIM + LAYOUT_DIM + EDGES_DIM

const COLOUR_SIDE = 64

/** What a picture looks like as a whole: its colours, where they stand, and its edges. Takes square planes. */
export function rawVector(channels: readonly [Plane, Plane, Plane], gray: Plane): Float32Array {
  const small = channels.map((plane) => average(plane, COLOUR_SIDE, COLOUR_SIDE)) as [Plane, Plane, Plane]
  const lab = labOf(small)
  const raw = new Float32Array(RAW_DIM)
  raw.set(colourHistogram(lab))
  raw.set(colourLayout(lab), HISTOGRAM_DIM)
  raw.set(edgePyramid(gray), HISTOGRAM_DIM + LAYOUT_DIM)
  return raw
}
