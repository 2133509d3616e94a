import type { Look } from './build.ts'
import { closeUp } from './cut.ts'
import { seeded, type Seeded } from './seeded.ts'
import { box, form, gleam, line, METAL, oval, repeat, SIZE } from './pen.ts'
import { SHAPES } from './shapes/shapes.ts'
import { drawing, type Stage } from './stage.ts'
import { qcColour } from './views.ts'
import { placing } from './warp.ts'

const SHOTS = ['overview', 'label', 'detail', 'tape', 'scale', 'bag', 'turned', 'mirrored', 'detail', 'corner'] as const
type Shot = (typeof SHOTS)[number]

/** Sets a photo as a warehouse takes it: on a cutting mat, by its own light, with tape, scale, bag or label. */
export function setQcStage(look: Look, number: number, seed: string): Stage {
  const dice = seeded(seed)
  const shot = SHOTS[(number - 1) % SHOTS.length]!
  const colour = qcColour(seed, look.colours.length)
  const { detail } = SHAPES[look.shape]
  const product = drawing(look, colour)
  const close = shot === 'detail'
  const corner = detail.map((middle) =>
    Math.round(Math.max(0, Math.min(SIZE / 2, middle - SIZE / 4 + dice.whole(-60, 60)))),
  ) as [number, number]
  const extra = shot === 'tape' ? tape() : shot === 'bag' ? polybag() : ''
  const warmth = dice.between(-1, 1)

  return {
    thing: {
      svg: product + extra,
      space: close ? SIZE / 2 : SIZE,
      from: close ? corner : [0, 0],
      cut: close ? closeUp(look.cut) : look.cut,
    },
    place: placing(placingOf(shot, dice)),
    backdrop: table(shot, dice, look, seed),
    lighting: {
      seed,
      pose: 'flat',
      shadow: [dice.whole(-14, 22), dice.whole(10, 26)],
      shadowStrength: 1.15,
      floor: 0,
      volume: 0.55,
      grain: dice.between(4.5, 8),
      vignette: dice.between(0.12, 0.26),
      tint: [1.01 + warmth * 0.035, 1.02, 1.01 - warmth * 0.045],
    },
  }
}

function placingOf(shot: Shot, dice: Seeded) {
  const tilt: [number, number] = [dice.between(-0.00012, 0.00012), dice.between(-0.00022, -0.00006)]
  const turn = { overview: 3, label: 5, detail: 16, tape: 3, scale: 3, bag: 8, turned: 46, mirrored: 12, corner: 24 }[
    shot
  ]
  const scale = {
    overview: 0.86,
    label: 0.66,
    detail: 1.34,
    tape: 0.84,
    scale: 0.56,
    bag: 0.86,
    turned: 0.8,
    mirrored: 0.84,
    corner: 1.12,
  }[shot]
  const shift: [number, number] =
    shot === 'label'
      ? [-70, -70]
      : shot === 'scale'
        ? [0, -64]
        : shot === 'corner'
          ? [dice.whole(-70, 70), dice.whole(-70, 70)]
          : [dice.whole(-18, 18), dice.whole(-18, 18)]
  return {
    turn: dice.between(-turn, turn),
    scale: scale * dice.between(0.96, 1.04),
    mirror: shot === 'mirrored',
    tilt,
    shift,
  }
}

/** The cutting mat with grid and rulers, on the grey table, and what lies on it. */
function table(shot: Shot, dice: Seeded, look: Look, seed: string): string {
  const mat = dice.pick(['#7a9a8d', '#71938b', '#83a08c', '#6f9088'])
  // Straight below the scale: its many parts are slow to draw at an angle.
  const turn = shot === 'scale' ? 0 : dice.between(-4, 4).toFixed(1)
  const [x, y] = [dice.whole(-60, 14), dice.whole(-60, 14)]
  const grid = (step: number) => repeat(Math.ceil(960 / step), (at) => `M${at * step} 0V960M0 ${at * step}H960`)
  const ticks = repeat(
    96,
    (at) => `M${at * 10} 0v${at % 10 ? (at % 5 ? 8 : 13) : 20}M0 ${at * 10}h${at % 10 ? (at % 5 ? 8 : 13) : 20}`,
  )
  return (
    `<path d="M0 0H${SIZE}V${SIZE}H0Z" fill="#a8a49c"/>` +
    `<g transform="translate(${x} ${y}) rotate(${turn})"><path d="${box(8, 12, 960, 960, 22)}" fill="#000" fill-opacity=".25"/><path d="${box(0, 0, 960, 960, 22)}" fill="${mat}"/>` +
    `<g transform="translate(26 26)">${line(grid(25), '#dbe8df', 0.8, 0.2, 'butt')}${line(grid(100), '#e6f0e8', 1.8, 0.5, 'butt')}` +
    `${line('M0 960L960 0M0 554L960 0M0 960L554 0', '#e6f0e8', 1.2, 0.3, 'butt')}${line(ticks, '#eef5ef', 1.8, 0.75, 'butt')}</g>` +
    `${shot === 'label' ? move(500, 566, label(seed)) : shot === 'scale' ? scale(look) : dice.unit() < 0.4 ? move(596, 26, sticker(seed)) : ''}</g>` +
    `<radialGradient id="lamp" cx="${dice.between(0.2, 0.8).toFixed(2)}" cy="${dice.between(0.1, 0.5).toFixed(2)}" r=".8"><stop offset="0" stop-color="#fff" stop-opacity=".3"/><stop offset=".5" stop-color="#fff" stop-opacity=".04"/><stop offset="1" stop-color="#000" stop-opacity=".14"/></radialGradient>` +
    `<path d="M0 0H${SIZE}V${SIZE}H0Z" fill="url(#lamp)"/>`
  )
}

const move = (x: number, y: number, markup: string) => `<g transform="translate(${x} ${y})">${markup}</g>`

/** Bars of uneven width, as on a parcel label. */
function bars(seed: string, width: number, high: number): string {
  const dice = seeded(`bars ${seed}`)
  let x = 0
  let path = ''
  while (x < width - 6) {
    const wide = dice.pick([1.5, 2, 3, 4.5])
    path += `M${x.toFixed(1)} 0h${wide}v${high}h-${wide}Z`
    x += wide + dice.pick([1.5, 2.5, 4])
  }
  return `<path d="${path}" fill="#1c1c1c"/>`
}

/** Squares as in a square code; it says nothing. */
function squares(seed: string): string {
  const dice = seeded(`squares ${seed}`)
  const cell = (x: number, y: number) => `M${x * 4} ${y * 4}h4v4h-4Z`
  let path = ''
  for (let y = 0; y < 17; y++) for (let x = 0; x < 17; x++) if (dice.unit() < 0.46) path += cell(x, y)
  const eye = (x: number, y: number) =>
    `<path d="M${x} ${y}h24v24h-24Z" fill="#f7f5ef"/><path d="M${x + 2} ${y + 2}h20v20h-20ZM${x + 6} ${y + 6}v12h12v-12Z" fill="#1c1c1c"/>`
  return `<path d="${path}" fill="#1c1c1c"/>${eye(-2, -2)}${eye(46, -2)}${eye(-2, 46)}`
}

/** Grey strokes where a label has words. */
const words = (seed: string, x: number, y: number, rows: number) => {
  const dice = seeded(`words ${seed}`)
  return repeat(rows, (at) => {
    const high = y + at * 15
    const first = dice.whole(30, 70)
    return line(`M${x} ${high}h${first}M${x + first + 9} ${high}h${dice.whole(20, 60)}`, '#3a3a3a', 5, 0.75, 'butt')
  })
}

const label = (seed: string) =>
  `<path d="${box(7, 9, 270, 200, 6)}" fill="#000" fill-opacity=".24"/><path d="${box(0, 0, 270, 200, 6)}" fill="#f7f5ef"/><path d="M0 6Q0 0 6 0H264Q270 0 270 6V34H0Z" fill="#2b2b2b"/>` +
  line('M16 17h90', '#f7f5ef', 8, 0.9, 'butt') +
  move(18, 52, bars(seed, 160, 58)) +
  move(188, 48, squares(seed)) +
  words(seed, 18, 132, 4)

const sticker = (seed: string) =>
  `<path d="${box(4, 5, 150, 84, 5)}" fill="#000" fill-opacity=".22"/><path d="${box(0, 0, 150, 84, 5)}" fill="#f4f1e6"/>${move(14, 14, bars(seed, 122, 34))}${words(seed, 14, 62, 1)}`

/** A steel tape along the lower and the left edge. */
function tape(): string {
  const ticks = repeat(56, (at) =>
    line(
      `M${60 + at * 12} 716v${at % 10 ? (at % 5 ? 12 : 18) : 28}`,
      at % 10 ? '#2b2a26' : '#b3261e',
      at % 10 ? 1.8 : 3,
      0.9,
      'butt',
    ),
  )
  const up = repeat(50, (at) =>
    line(
      `M44 ${96 + at * 12}h${at % 10 ? (at % 5 ? 12 : 18) : 28}`,
      at % 10 ? '#2b2a26' : '#b3261e',
      at % 10 ? 1.8 : 3,
      0.9,
      'butt',
    ),
  )
  return (
    form(box(44, 714, 712, 46, 3), '#f1c53b', { shade: 'down', bevel: 4 }) +
    ticks +
    form(box(42, 90, 46, 620, 3), '#f1c53b', { shade: 'side', bevel: 4 }) +
    up +
    form(box(738, 704, 24, 64, 4), METAL, { shade: 'gloss', bevel: 3 })
  )
}

/** A clear bag over the product, with its zip and its shine. */
function polybag(): string {
  return (
    `<path d="${box(60, 46, 680, 710, 16)}" fill="#f4f8f8" fill-opacity=".24"/><path d="${box(60, 46, 680, 710, 16)}" fill="none" stroke="#fff" stroke-opacity=".55" stroke-width="3"/>` +
    line('M62 92H738', '#7fb6d8', 7, 0.75, 'butt') +
    line('M62 104H738', '#fff', 4, 0.6, 'butt') +
    gleam('M96 140Q150 300 110 520L84 500Q110 300 84 150Z', 0.36) +
    gleam('M690 200Q640 420 700 700L716 690Q668 430 708 210Z', 0.32) +
    gleam('M240 130Q430 190 600 124Q440 216 240 130Z', 0.3) +
    gleam('M300 720Q430 660 560 716Q430 690 300 720Z', 0.3) +
    line('M180 240q60 60 40 140M560 560q-60 20 -80 90M520 240q40 30 50 90', '#fff', 4, 0.4)
  )
}

const SEGMENTS = ['abcdef', 'bc', 'abdeg', 'abcdg', 'bcfg', 'acdfg', 'acdefg', 'abc', 'abcdefg', 'abcdfg']
const STROKES: Record<string, string> = {
  a: 'M4 0H20',
  b: 'M23 3V19',
  c: 'M23 25V41',
  d: 'M4 44H20',
  e: 'M1 25V41',
  f: 'M1 3V19',
  g: 'M4 22H20',
}

/** Kitchen scale seen from above; its display shows grams with segments, so that no font is needed. */
function scale({ weightGrams }: Look): string {
  const figures = String(Math.round(weightGrams)).padStart(4, ' ')
  const display = Array.from(figures, (figure, at) => {
    const lit = figure === ' ' ? '' : SEGMENTS[Number(figure)]!
    return move(
      334 + at * 36,
      668,
      Object.entries(STROKES)
        .map(([name, path]) => line(path, '#1f3a2c', 5, lit.includes(name) ? 0.95 : 0.06))
        .join(''),
    )
  })
  return (
    `<path d="${box(122, 66, 580, 690, 44)}" fill="#000" fill-opacity=".3"/>` +
    form(box(110, 50, 580, 690, 44), '#d9dbd8', { bevel: 10 }) +
    form(box(134, 74, 532, 540, 34), '#eceeeb', { texture: 'brushed', shade: 'gloss', bevel: 8 }) +
    form(box(300, 648, 200, 80, 10), '#a9bfa6', { shade: 'up', bevel: 5 }) +
    display.join('') +
    form(oval(210, 688, 26), '#b8bab7', { bevel: 5 }) +
    form(oval(590, 688, 26), '#b8bab7', { bevel: 5 }) +
    line('M200 688H220M580 688H600M590 678V698', '#4d4f4d', 4)
  )
}
