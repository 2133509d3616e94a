import { contrast, darker, lighter, mix } from './colour.ts'
import { hash32, seeded } from './seeded.ts'

/** Drawings are this wide and high. */
export const SIZE = 800

export type Motif =
  | 'plain'
  | 'stripe'
  | 'pin'
  | 'check'
  | 'dots'
  | 'speckle'
  | 'waves'
  | 'sprig'
  | 'grid'
  | 'zigzag'
  | 'stars'
  | 'terrazzo'

/** What a shape is drawn with. `id` is unique in one drawing, as several colours may stand side by side. */
export type Paint = {
  id: string
  base: string
  accent: string
  motif: Motif
  /** Chooses between forms of one shape: pocket or none, high or low. */
  variant: number
}

/** `flat` things lie and are seen from above; others stand on the floor line. */
export type Shape = {
  pose: 'flat' | 'stand'
  /** The middle of what a close-up shows. */
  detail: [number, number]
  draw(paint: Paint): string
}

/** Where standing things touch the floor. */
export const FLOOR = 650

type Shade = 'none' | 'soft' | 'tube' | 'down' | 'up' | 'ball' | 'gloss' | 'side'
type Texture = 'canvas' | 'knit' | 'rib' | 'twill' | 'leather' | 'brushed' | 'fleece' | 'mesh' | 'wood' | 'quilt'
type Form = {
  shade?: Shade
  texture?: Texture
  /** Lays the paint's motif over the fill. */
  motif?: Paint
  /** How round the rim looks, in pixels. */
  bevel?: number
  edge?: number
}

/** A filled part with texture, light and a soft rim. */
export function form(path: string, fill: string, options: Form = {}): string {
  const { shade = 'soft', texture, motif, bevel = 6, edge = 0.28 } = options
  const layers = [`<path d="${path}" fill="${fill}"/>`]
  if (motif && motif.motif !== 'plain') layers.push(`<path d="${path}" fill="url(#m${motif.id})"/>`)
  if (texture) layers.push(`<path d="${path}" fill="url(#t-${texture})"/>`)
  if (shade !== 'none') layers.push(`<path d="${path}" fill="url(#s-${shade})"/>`)
  if (bevel > 0) layers.push(rim(path, bevel))
  if (edge > 0) {
    layers.push(
      `<path d="${path}" fill="none" stroke="${darker(fill, 0.6)}" stroke-opacity="${edge}" stroke-width="1.6"/>`,
    )
  }
  return layers.join('')
}

/** Light along the upper left of a part's inside, dark along the lower right: cheaper than a blur, and it looks rounded. */
function rim(path: string, width: number): string {
  const clip = `c${hash32(path).toString(36)}`
  const strokes = [1, 0.62, 0.3].map((share) => {
    const [wide, shift] = [(width * share * 2).toFixed(1), (width * share * 0.45).toFixed(1)]
    return (
      `<path d="${path}" transform="translate(${shift} ${shift})" stroke="#fff" stroke-opacity=".1" stroke-width="${wide}"/>` +
      `<path d="${path}" transform="translate(-${shift} -${shift})" stroke="#000" stroke-opacity=".09" stroke-width="${wide}"/>`
    )
  })
  return (
    `<clipPath id="${clip}"><path d="${path}"/></clipPath>` +
    `<g clip-path="url(#${clip})" fill="none">${strokes.join('')}</g>`
  )
}

export const box = (x: number, y: number, width: number, height: number, radius = 0): string => {
  const r = Math.min(radius, width / 2, height / 2)
  return (
    `M${x + r} ${y}h${width - 2 * r}a${r} ${r} 0 0 1 ${r} ${r}v${height - 2 * r}a${r} ${r} 0 0 1 ${-r} ${r}` +
    `h${-(width - 2 * r)}a${r} ${r} 0 0 1 ${-r} ${-r}v${-(height - 2 * r)}a${r} ${r} 0 0 1 ${r} ${-r}Z`
  )
}

export const oval = (cx: number, cy: number, rx: number, ry = rx): string =>
  `M${cx - rx} ${cy}a${rx} ${ry} 0 1 1 ${2 * rx} 0a${rx} ${ry} 0 1 1 ${-2 * rx} 0Z`

/** Part of a ring's or a dome's outline as an open line. */
export const line = (path: string, colour: string, width: number, opacity = 1, cap = 'round'): string =>
  `<path d="${path}" fill="none" stroke="${colour}" stroke-width="${width}" stroke-opacity="${opacity}" stroke-linecap="${cap}" stroke-linejoin="round"/>`

export const stitch = (path: string, colour: string, opacity = 0.75): string =>
  `<path d="${path}" fill="none" stroke="${colour}" stroke-width="2.4" stroke-opacity="${opacity}" stroke-dasharray="9 6" stroke-linecap="round"/>`

/** A band, strap or cable along an open line, lit from the upper left. */
export function strap(path: string, width: number, colour: string): string {
  return (
    line(path, darker(colour, 0.42), width + 2.5, 1, 'butt') +
    line(path, colour, width, 1, 'butt') +
    `<g transform="translate(${(-width * 0.09).toFixed(1)} ${(-width * 0.13).toFixed(1)})">` +
    line(path, '#fff', width * 0.5, 0.1, 'butt') +
    line(path, '#fff', width * 0.22, 0.13, 'butt') +
    '</g>'
  )
}

/** A soft streak of light on something smooth. */
export const gleam = (path: string, opacity = 0.4): string =>
  `<path d="${path}" fill="#fff" fill-opacity="${opacity}"/>`

/** A crease in cloth: a dark line with a light one beside it. */
export const crease = (path: string, strength = 1): string =>
  line(path, '#000', 9, 0.05 * strength) +
  line(path, '#000', 4, 0.09 * strength) +
  `<g transform="translate(-5 -3)">${line(path, '#fff', 5, 0.1 * strength)}</g>`

/** Metal parts: buckles, zips, rings. */
export const METAL = '#b9b4a8'
export const metal = (path: string): string => form(path, METAL, { shade: 'gloss', bevel: 2.5, edge: 0.5 })

/** A zip along an open line, with its puller at the end point. */
export const zip = (path: string, colour: string, pull?: [number, number]): string =>
  line(path, darker(colour, 0.45), 11, 1) +
  `<path d="${path}" fill="none" stroke="#cfcabd" stroke-width="5" stroke-dasharray="2.5 3"/>` +
  (pull ? metal(box(pull[0] - 5, pull[1] - 4, 10, 32, 5)) : '')

export const repeat = (count: number, draw: (at: number) => string): string =>
  Array.from({ length: count }, (_, at) => draw(at)).join('')

export const move = (x: number, y: number, markup: string, more = ''): string =>
  `<g transform="translate(${x} ${y}) ${more}">${markup}</g>`

/** The same markup mirrored about the vertical middle of the drawing. */
export const mirrored = (markup: string): string => `<g transform="matrix(-1 0 0 1 ${SIZE} 0)">${markup}</g>`

const stops = (...each: [number, string, number][]) =>
  each
    .map(([at, colour, opacity]) => `<stop offset="${at}" stop-color="${colour}" stop-opacity="${opacity}"/>`)
    .join('')

const linear = (id: string, from: string, content: string) =>
  `<linearGradient id="${id}" ${from}>${content}</linearGradient>`
const ACROSS = 'x1="0" y1="0" x2="1" y2="0"'
const DOWN = 'x1="0" y1="0" x2="0" y2="1"'
const DIAGONAL = 'x1="0" y1="0" x2="1" y2="1"'

const tile = (id: string, width: number, height: number, content: string, transform = '') =>
  `<pattern id="${id}" width="${width}" height="${height}" patternUnits="userSpaceOnUse"${transform && ` patternTransform="${transform}"`}>${content}</pattern>`

const hair = (path: string, colour: string, opacity: number, width = 1) =>
  `<path d="${path}" fill="none" stroke="${colour}" stroke-opacity="${opacity}" stroke-width="${width}"/>`

/** Gradients and textures that every drawing may refer to. */
export const DEFS = [
  linear('s-soft', DIAGONAL, stops([0, '#fff', 0.24], [0.45, '#fff', 0], [0.6, '#000', 0.02], [1, '#000', 0.26])),
  linear(
    's-tube',
    ACROSS,
    stops(
      [0, '#000', 0.3],
      [0.16, '#000', 0.04],
      [0.3, '#fff', 0.34],
      [0.46, '#fff', 0.02],
      [0.72, '#000', 0.08],
      [1, '#000', 0.4],
    ),
  ),
  linear('s-side', ACROSS, stops([0, '#fff', 0.16], [0.5, '#fff', 0], [1, '#000', 0.24])),
  linear('s-down', DOWN, stops([0, '#fff', 0.2], [0.5, '#fff', 0], [1, '#000', 0.28])),
  linear('s-up', DOWN, stops([0, '#000', 0.3], [0.55, '#000', 0.02], [1, '#fff', 0.12])),
  linear(
    's-gloss',
    DIAGONAL,
    stops([0, '#fff', 0.45], [0.28, '#fff', 0.05], [0.5, '#000', 0.16], [0.68, '#fff', 0.3], [1, '#000', 0.3]),
  ),
  `<radialGradient id="s-ball" cx=".38" cy=".3" r=".78">${stops([0, '#fff', 0.42], [0.35, '#fff', 0.08], [0.65, '#000', 0.06], [1, '#000', 0.44])}</radialGradient>`,
  `<radialGradient id="s-glow">${stops([0, '#fff6dc', 0.95], [0.35, '#ffe9b0', 0.5], [1, '#ffe2a0', 0])}</radialGradient>`,
  tile('t-canvas', 6, 6, hair('M0 1.5H6M0 4.5H6', '#000', 0.07) + hair('M1.5 0V6M4.5 0V6', '#fff', 0.1)),
  tile(
    't-twill',
    7,
    7,
    hair('M-1 8L8 -1M-1 1L1 -1M6 8L8 6', '#000', 0.13, 1.4) + hair('M-1 4L4 -1M3 8L8 3', '#fff', 0.07),
  ),
  tile(
    't-knit',
    14,
    12,
    hair('M0 1L7 8L14 1M0 7L7 14L14 7M0 -5L7 2L14 -5', '#000', 0.12, 2.2) +
      hair('M0 4L7 11L14 4M0 -2L7 5L14 -2', '#fff', 0.12, 1.6),
  ),
  tile('t-rib', 12, 12, hair('M2 0V12', '#000', 0.17, 3) + hair('M7 0V12', '#fff', 0.13, 3)),
  tile(
    't-leather',
    26,
    22,
    hair('M2 3q4 3 8 0M14 6q5 3 9 -1M5 12q3 4 7 1M17 14q4 3 8 0M1 19q4 3 8 0M13 20q3 2 6 0', '#000', 0.12, 1.4) +
      hair('M3 6q4 2 7 -1M15 10q4 2 8 -1M6 17q3 2 6 0', '#fff', 0.1),
  ),
  tile('t-brushed', 40, 5, hair('M0 1H40M6 3.4H33', '#fff', 0.09) + hair('M0 2.2H26M18 4.4H40', '#000', 0.05)),
  tile(
    't-fleece',
    18,
    18,
    hair('M2 4q3 -4 6 0t6 0M9 12q3 -4 6 0M-1 14q3 -4 6 0M4 9q2 -3 5 0', '#fff', 0.16, 1.6) +
      hair('M3 6q3 -3 6 0M11 7q3 -3 5 0M2 16q3 -3 5 0M10 15q3 -3 5 0', '#000', 0.1, 1.6),
  ),
  tile(
    't-mesh',
    8,
    8,
    '<circle cx="2" cy="2" r="1.5" fill="#000" fill-opacity=".3"/><circle cx="6" cy="6" r="1.5" fill="#000" fill-opacity=".3"/>',
  ),
  tile(
    't-wood',
    160,
    34,
    hair('M0 6q40 5 80 0t80 0M0 17q50 -7 90 1t70 -1M0 27q30 4 80 0t80 0', '#3a1d06', 0.16, 2) +
      hair('M0 11q60 4 160 0M0 22q60 -4 160 0', '#fff', 0.1),
  ),
  tile(
    't-quilt',
    60,
    60,
    hair('M0 30L30 0L60 30L30 60Z', '#000', 0.18, 2.4) + hair('M0 33L30 3L60 33', '#fff', 0.14, 2),
  ),
].join('')

/** The pattern that `form(…, { motif })` lays over a part. */
export function motifDef(paint: Paint): string {
  const { base, accent } = paint
  const tone = contrast(base, 0.28)
  const draw: Record<Exclude<Motif, 'plain'>, () => [number, number, string, string?]> = {
    stripe: () => [60, 60, `<path d="M0 8H60V30H0Z" fill="${accent}"/>`],
    pin: () => [26, 26, hair('M13 0V26', tone, 0.75, 2.4)],
    check: () => [
      84,
      84,
      `<path d="M0 12H84V42H0Z" fill="${accent}" fill-opacity=".45"/><path d="M12 0V84H42V0Z" fill="${accent}" fill-opacity=".45"/>` +
        hair('M0 62H84M62 0V84', lighter(accent, 0.5), 0.7, 3) +
        hair('M0 74H84M74 0V84', tone, 0.4, 1.6),
    ],
    dots: () => [
      44,
      44,
      `<circle cx="11" cy="11" r="6.5" fill="${accent}"/><circle cx="33" cy="33" r="6.5" fill="${accent}"/>`,
    ],
    speckle: () => [70, 70, repeat(18, (at) => speck(String(at), 70, mix(base, '#3b2f25', 0.62), 2.1))],
    waves: () => [60, 34, hair('M0 17q15 -15 30 0t30 0', accent, 0.9, 4.5)],
    sprig: () => [
      90,
      90,
      `<g fill="${accent}" fill-opacity=".9">${leafPair(22, 26, 20)}${leafPair(67, 70, -35)}</g>` +
        hair('M14 44q8 -18 16 -32M60 90q6 -20 16 -36', accent, 0.8, 2.2),
    ],
    grid: () => [40, 40, hair('M0 20H40M20 0V40', accent, 0.85, 2.6)],
    zigzag: () => [52, 44, hair('M0 32L13 12L26 32L39 12L52 32', accent, 0.95, 6)],
    stars: () => [
      76,
      76,
      [
        [18, 20],
        [56, 58],
      ]
        .map(
          ([x, y]) =>
            `<path transform="translate(${x} ${y})" d="M0 -11Q2 -2 11 0Q2 2 0 11Q-2 2 -11 0Q-2 -2 0 -11Z" fill="${accent}"/>`,
        )
        .join('') +
        `<circle cx="56" cy="18" r="2.6" fill="${accent}"/><circle cx="18" cy="58" r="2.6" fill="${accent}"/>`,
    ],
    terrazzo: () => [
      110,
      110,
      repeat(12, (at) => chip(String(at), 110, [accent, darker(accent, 0.35), lighter(base, 0.5)][at % 3]!)),
    ],
  }
  if (paint.motif === 'plain') return ''
  const [width, height, content] = draw[paint.motif]()
  return tile(`m${paint.id}`, width, height, content)
}

const speck = (seed: string, size: number, colour: string, radius: number) => {
  const dice = seeded(`speck ${seed}`)
  return `<circle cx="${dice.whole(0, size)}" cy="${dice.whole(0, size)}" r="${(radius * dice.between(0.4, 1.2)).toFixed(1)}" fill="${colour}" fill-opacity=".8"/>`
}

const chip = (seed: string, size: number, colour: string) => {
  const dice = seeded(`chip ${seed}`)
  const wide = dice.whole(5, 11)
  const place = `translate(${dice.whole(10, size - 10)} ${dice.whole(10, size - 10)}) rotate(${dice.whole(0, 359)})`
  return `<path transform="${place}" d="M${-wide} -4L2 -${wide * 0.8}L${wide} 1L3 ${wide * 0.7}L-${wide * 0.6} 5Z" fill="${colour}"/>`
}

const leafPair = (x: number, y: number, turn: number) =>
  `<g transform="translate(${x} ${y}) rotate(${turn})"><path d="M0 0Q-18 -4 -20 -20Q-4 -18 0 0Z"/><path d="M0 8Q18 4 20 -12Q4 -10 0 8Z"/><path d="M0 -10Q-6 -24 2 -34Q9 -22 0 -10Z"/></g>`
