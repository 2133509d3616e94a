import { arch, boards, leafShade, linen, paper, studio, tabletop, twoTone } from './backdrops.ts'
import type { Look } from './build.ts'
import { closeUp, type Cut } from './cut.ts'
import { brightness, darker, lighter, mix } from './colour.ts'
import type { Lighting } from './light.ts'
import { DEFS, FLOOR, motifDef, SIZE, type Paint } from './pen.ts'
import { seeded, type Seeded } from './seeded.ts'
import { SHAPES } from './shapes/shapes.ts'
import type { View } from './views.ts'
import { placing, type Matrix } from './warp.ts'

/** Everything of one picture before its pixels: what stands there, how the camera sees it, what is behind, the light. */
export type Stage = {
  /** SVG of the thing; `space` is its width and height in drawing units, seen from `from`. */
  thing: { svg: string; space: number; from: [number, number]; cut: Cut }
  place: Matrix | null
  backdrop: string
  lighting: Lighting
}

const CALM = ['#e9e3d8', '#dfe4e2', '#ece0d6', '#dee3e9', '#e8e6d8', '#e5dfe5', '#dae2d8', '#efe9e0']
const BOLD = ['#d8b7a0', '#b7c4b1', '#bfcad6', '#e0cda4', '#cbbdcd', '#a9bec2', '#d9a997', '#c9c0ad']

/** The paint of a product in one of its colours. A second colour that would vanish on the first is moved away from it. */
function paintOf(look: Look, colour: number, id: string): Paint {
  const base = look.colours[colour]!
  const near = Math.abs(brightness(base) - brightness(look.accent)) < 0.12
  const accent = near ? (brightness(base) > 0.5 ? darker(look.accent, 0.4) : lighter(look.accent, 0.55)) : look.accent
  return { id, base, accent, motif: look.motif, variant: look.variant }
}

export function drawing(look: Look, colour: number, id = 'a'): string {
  const paint = paintOf(look, colour, id)
  return `<defs>${motifDef(paint)}</defs>${SHAPES[look.shape].draw(paint)}`
}

/** A tone for the background that the product stands out from. */
function toneFor(look: Look, tones: readonly string[], dice: Seeded): string {
  const base = look.colours[0]!
  const apart = tones.filter((tone) => Math.abs(brightness(tone) - brightness(base)) > 0.14)
  return dice.pick(apart.length > 0 ? apart : tones.map((tone) => darker(tone, 0.3)))
}

const whole = { space: SIZE, from: [0, 0] as [number, number] }

/** Sets one of a product's own pictures; `seed` settles whatever is left to chance. */
export function setStage(look: Look, view: View, seed: string): Stage {
  const dice = seeded(seed)
  const { pose, detail } = SHAPES[look.shape]
  const lighting: Lighting = {
    seed,
    pose,
    shadow: [dice.whole(12, 20), dice.whole(18, 28)],
    shadowStrength: 1,
    floor: FLOOR,
    volume: 0.6,
    grain: 3.5,
    vignette: 0.08,
    tint: [1, 1, 1],
  }
  const thing = { svg: drawing(look, view.colour), ...whole, cut: look.cut }
  const pale = mix(look.colours[view.colour]!, '#f6f2ec', 0.8)
  const apart = brightness(look.colours[view.colour]!) > 0.8 ? darker(pale, 0.14) : pale

  if (view.scene === 'hero') {
    const scene = heroScene(look, pose, dice)
    return { thing, place: scene.place, backdrop: scene.backdrop, lighting: { ...lighting, ...scene.lighting } }
  }
  if (view.scene === 'card')
    return { thing, place: null, backdrop: pose === 'flat' ? paper(apart) : studio(apart), lighting }
  if (view.scene === 'mirror')
    return {
      thing,
      place: placing({ mirror: true, turn: pose === 'flat' ? -8 : 0 }),
      backdrop: pose === 'flat' ? linen(apart, dice) : studio('#eeeae3'),
      lighting,
    }
  if (view.scene === 'still')
    return {
      thing,
      place: placing({ turn: pose === 'flat' ? 12 : 0, scale: 0.84, about: [400, pose === 'flat' ? 400 : FLOOR] }),
      backdrop: pose === 'flat' ? boards(dice) : tabletop(toneFor(look, CALM, dice), dice),
      lighting,
    }
  if (view.scene === 'detail') {
    const corner = detail.map((middle) => Math.round(Math.max(0, Math.min(SIZE / 2, middle - SIZE / 4)))) as [
      number,
      number,
    ]
    return {
      thing: { svg: thing.svg, space: SIZE / 2, from: corner, cut: closeUp(look.cut) },
      place: null,
      backdrop: paper(apart),
      lighting: { ...lighting, pose: 'flat', volume: 0.25 },
    }
  }
  return {
    thing: group(look, pose),
    place: null,
    backdrop: pose === 'flat' ? paper(toneFor(look, CALM, dice)) : studio(toneFor(look, CALM, dice)),
    lighting: { ...lighting, floor: ((GROUP.floor - GROUP.from[1]) * SIZE) / GROUP.space },
  }
}

type Scene = { backdrop: string; place: Matrix | null; lighting?: Partial<Lighting> }

/** The main picture, in the manner of the marketplace: wholesalers on white, private sellers at home, shops on a set. */
function heroScene(look: Look, pose: 'flat' | 'stand', dice: Seeded): Scene {
  const white = brightness(look.colours[0]!) > 0.82 ? '#dcdad5' : '#f4f2ee'
  const slightly = placing({ turn: dice.between(-5, 5), scale: 1.02 })
  if (look.marketplace === '1688') return { backdrop: pose === 'flat' ? paper(white) : studio(white), place: null }
  if (look.marketplace === 'goofish') {
    return pose === 'flat'
      ? {
          backdrop: boards(dice),
          place: placing({ turn: dice.between(-14, 14), scale: 0.9 }),
          lighting: { grain: 9, vignette: 0.25, tint: [1.03, 1, 0.94] },
        }
      : {
          backdrop: tabletop(dice.pick(CALM), dice),
          place: placing({ scale: 0.9, about: [400, FLOOR] }),
          lighting: { grain: 9, vignette: 0.25, tint: [1.03, 1, 0.94] },
        }
  }
  const calm = toneFor(look, CALM, dice)
  const bold = toneFor(look, BOLD, dice)
  if (pose === 'stand') {
    return dice.pick<() => Scene>([
      () => ({ backdrop: studio(calm), place: null }),
      () => ({ backdrop: studio(bold), place: null }),
      () => ({
        backdrop: arch(bold),
        place: placing({ scale: 0.86, about: [400, FLOOR], shift: [0, 22] }),
        lighting: { floor: FLOOR + 22, shadowStrength: 0.85 },
      }),
      () => ({
        backdrop: arch(calm),
        place: placing({ scale: 0.86, about: [400, FLOOR], shift: [0, 22] }),
        lighting: { floor: FLOOR + 22, shadowStrength: 0.85 },
      }),
      () => ({ backdrop: tabletop(calm, dice), place: placing({ scale: 0.92, about: [400, FLOOR] }) }),
    ])()
  }
  return dice.pick<() => Scene>([
    () => ({ backdrop: paper(bold), place: slightly }),
    () => ({ backdrop: twoTone(calm, bold, dice), place: slightly }),
    () => ({ backdrop: linen(calm, dice), place: slightly }),
    () => ({ backdrop: paper(calm) + leafShade(dice), place: slightly }),
    () => ({ backdrop: linen(bold, dice) + leafShade(dice), place: placing({ scale: 0.95 }) }),
  ])()
}

/** The space of a group with its margin, its floor line, and where each thing's own drawing begins. */
const GROUP = {
  space: 1400,
  from: [-50, -40] as [number, number],
  floor: 960,
  flat: {
    2: [
      [10, 10],
      [490, 490],
    ],
    3: [
      [250, -60],
      [-90, 540],
      [590, 540],
    ],
  },
  standing: {
    2: [
      [-20, 310],
      [520, 310],
    ],
    3: [
      [-110, 310],
      [610, 310],
      [250, 310],
    ],
  },
}

/** Two or three colours together, drawn at full size in a larger space: patterns are slow at odd scales. */
function group(look: Look, pose: 'flat' | 'stand'): Stage['thing'] {
  const spots = (pose === 'flat' ? GROUP.flat : GROUP.standing)[look.colours.length === 2 ? 2 : 3]
  const items = spots.map(([x, y], at) => `<g transform="translate(${x} ${y})">${drawing(look, at, `g${at}`)}</g>`)
  return { svg: items.join(''), space: GROUP.space, from: GROUP.from, cut: look.cut }
}

/** A whole SVG document around markup that may use the shared gradients and textures. */
export const documentOf = (content: string, { space, from } = whole): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="${Math.max(SIZE, space)}" height="${Math.max(SIZE, space)}" viewBox="${from[0]} ${from[1]} ${space} ${space}"><defs>${DEFS}</defs>${content}</svg>`
