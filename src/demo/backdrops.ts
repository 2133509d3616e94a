import { darker, lighter, mix } from './colour.ts'
import { box, DEFS, line, repeat, SIZE } from './pen.ts'
import type { Seeded } from './seeded.ts'

const page = `M0 0H${SIZE}V${SIZE}H0Z`

const fade = (id: string, way: string, from: string, to: string, middle = mix(from, to, 0.5)) =>
  `<linearGradient id="${id}" ${way}><stop offset="0" stop-color="${from}"/><stop offset=".5" stop-color="${middle}"/><stop offset="1" stop-color="${to}"/></linearGradient>`

const DOWN = 'x1="0" y1="0" x2="0" y2="1"'
const ACROSS = 'x1="0" y1="0" x2="1" y2=".6"'

/** A seamless sweep of paper: wall above, floor below, a soft bend between. */
export function studio(tone: string): string {
  return (
    `<linearGradient id="sweep" ${DOWN}><stop offset="0" stop-color="${darker(tone, 0.07)}"/><stop offset=".5" stop-color="${lighter(tone, 0.16)}"/>` +
    `<stop offset=".68" stop-color="${darker(tone, 0.05)}"/><stop offset=".76" stop-color="${lighter(tone, 0.12)}"/><stop offset="1" stop-color="${darker(tone, 0.06)}"/></linearGradient>` +
    `<radialGradient id="pool" cx=".42" cy=".34" r=".62"><stop offset="0" stop-color="#fff" stop-opacity=".42"/><stop offset="1" stop-color="#fff" stop-opacity="0"/></radialGradient>` +
    `<path d="${page}" fill="url(#sweep)"/><path d="${page}" fill="url(#pool)"/>`
  )
}

/** A wall with an arch and a round plinth, whose top is the floor line at 650. */
export function arch(tone: string): string {
  const deep = darker(tone, 0.14)
  return (
    `<defs>${fade('wall', ACROSS, lighter(tone, 0.2), darker(tone, 0.1))}${fade('arch', DOWN, darker(tone, 0.22), deep)}` +
    `${fade('plinth', 'x1="0" y1="0" x2="1" y2="0"', darker(tone, 0.06), darker(tone, 0.3), lighter(tone, 0.32))}${fade('top', ACROSS, lighter(tone, 0.5), lighter(tone, 0.22))}</defs>` +
    `<path d="${page}" fill="url(#wall)"/>` +
    `<path d="M150 640V330A250 250 0 0 1 650 330V640Z" fill="${lighter(tone, 0.3)}" transform="translate(7 5)"/>` +
    `<path d="M150 640V330A250 250 0 0 1 650 330V640Z" fill="url(#arch)"/>` +
    `<path d="M0 636H${SIZE}V${SIZE}H0Z" fill="${lighter(tone, 0.08)}"/><path d="M0 636H${SIZE}V664H0Z" fill="#000" fill-opacity=".05"/>` +
    `<path d="M70 672V760Q70 800 400 800T730 760V672Z" fill="url(#plinth)"/><ellipse cx="400" cy="670" rx="330" ry="58" fill="url(#top)"/>` +
    `<ellipse cx="400" cy="670" rx="330" ry="58" fill="none" stroke="#fff" stroke-opacity=".5" stroke-width="2"/>`
  )
}

/** A wall with the light of a window on it and a wooden table. */
export function tabletop(tone: string, dice: Seeded): string {
  const shift = dice.whole(-90, 60)
  const pane = (x: number, y: number) =>
    `<path d="M${x + shift} ${y}l150 -46v190l-150 46Z" fill="#fff8e6" fill-opacity=".34"/>`
  const wood = dice.pick(['#b98a5c', '#a97a4e', '#c9a27a', '#8d6547'])
  return (
    `<defs>${DEFS}${fade('wall', ACROSS, lighter(tone, 0.14), darker(tone, 0.12))}${fade('table', DOWN, darker(wood, 0.12), lighter(wood, 0.12))}</defs>` +
    `<path d="${page}" fill="url(#wall)"/>${pane(180, 120)}${pane(346, 70)}${pane(180, 330)}${pane(346, 280)}` +
    `<path d="M0 596H${SIZE}V${SIZE}H0Z" fill="url(#table)"/><path d="M0 596H${SIZE}V${SIZE}H0Z" fill="url(#t-wood)"/>` +
    `<path d="M0 596H${SIZE}V603H0Z" fill="#000" fill-opacity=".22"/><path d="M0 603H${SIZE}V607H0Z" fill="#fff" fill-opacity=".2"/>`
  )
}

/** Plain paper seen from above, lit from the upper left. */
export function paper(tone: string): string {
  return `<defs>${fade('sheet', ACROSS, lighter(tone, 0.3), darker(tone, 0.1))}</defs><path d="${page}" fill="url(#sheet)"/>`
}

/** Two papers that meet in a slanting line. */
export function twoTone(tone: string, other: string, dice: Seeded): string {
  const [top, low] = [dice.whole(240, 620), dice.whole(160, 600)]
  return (
    `<defs>${fade('sheet', ACROSS, lighter(tone, 0.24), darker(tone, 0.06))}${fade('second', ACROSS, lighter(other, 0.1), darker(other, 0.12))}</defs>` +
    `<path d="${page}" fill="url(#sheet)"/><path d="M${top + 8} 0H${SIZE}V${SIZE}H${low + 8}Z" fill="#000" fill-opacity=".12"/><path d="M${top} 0H${SIZE}V${SIZE}H${low}Z" fill="url(#second)"/>`
  )
}

/** Linen cloth with a few folds. */
export function linen(tone: string, dice: Seeded): string {
  const folds = repeat(5, () => {
    const [x, y] = [dice.whole(-60, 560), dice.whole(-40, 760)]
    const path = `M${x} ${y}q${dice.whole(90, 190)} ${dice.whole(-60, 60)} ${dice.whole(260, 460)} ${dice.whole(-110, 110)}`
    return (
      line(path, '#000', 26, 0.035) +
      line(path, '#000', 10, 0.04) +
      `<g transform="translate(-10 -12)">${line(path, '#fff', 20, 0.13)}</g>`
    )
  })
  return `<defs>${DEFS}${fade('cloth', ACROSS, lighter(tone, 0.22), darker(tone, 0.12))}</defs><path d="${page}" fill="url(#cloth)"/><path d="${page}" fill="url(#t-canvas)"/>${folds}`
}

/** Floor boards seen from above. */
export function boards(dice: Seeded): string {
  const wood = dice.pick(['#b08258', '#c4a07a', '#94694a', '#d0b796'])
  const rows = repeat(6, (at) => {
    const tone = mix(wood, at % 2 ? '#ffffff' : '#2a160a', dice.between(0.02, 0.12))
    const [y, joint] = [at * 134, dice.whole(80, 700)]
    return (
      `<path d="${box(0, y, SIZE, 132)}" fill="${tone}"/><path d="${box(0, y, SIZE, 132)}" fill="url(#t-wood)"/>` +
      line(`M0 ${y + 132}H${SIZE}`, '#1d0f06', 3.4, 0.6, 'butt') +
      line(`M0 ${y + 1}H${SIZE}`, '#fff', 2, 0.18, 'butt') +
      line(`M${joint} ${y}V${y + 132}`, '#1d0f06', 3, 0.5, 'butt')
    )
  })
  return `<defs>${DEFS}</defs>${rows}`
}

/** Shadows of leaves that fall in from a corner. */
export function leafShade(dice: Seeded): string {
  const turn = dice.pick([0, 90, -90])
  const leaf = (at: number) => {
    const angle = -30 + at * 17
    return repeat(
      3,
      (soft) =>
        `<path transform="translate(${at * 34 - 30} ${-20 + at * 9}) rotate(${angle}) scale(${1 + soft * 0.07})" d="M0 0C70 -46 190 -40 270 14C180 44 70 44 0 0Z" fill="#2a2416" fill-opacity=".035"/>`,
    )
  }
  return `<g transform="rotate(${turn} 400 400)">${repeat(8, leaf)}</g>`
}
