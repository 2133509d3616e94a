import { contrast, darker, lighter, mix } from '../colour.ts'
import {
  box,
  crease,
  form,
  gleam,
  line,
  METAL,
  metal,
  mirrored,
  move,
  oval,
  repeat,
  stitch,
  strap,
  type Shape,
} from '../pen.ts'

export const scarf: Shape = {
  pose: 'flat',
  detail: [430, 430],
  draw(paint) {
    const { base, accent } = paint
    const tail = (x: number, low: number, tone: string) =>
      repeat(13, (at) =>
        line(`M${x + 8 + at * 11} ${low - 4}q${at % 2 ? 4 : -4} 26 ${at % 3 ? 2 : -3} 50`, at % 3 ? tone : accent, 6),
      ) +
      form(`M${x} 300Q${x + 70} 288 ${x + 148} 300L${x + 154} ${low}Q${x + 74} ${low + 10} ${x - 4} ${low}Z`, tone, {
        texture: 'knit',
        motif: paint,
        bevel: 14,
      }) +
      crease(`M${x + 50} 340Q${x + 44} 440 ${x + 56} ${low - 30}`, 1) +
      crease(`M${x + 104} 350Q${x + 110} 460 ${x + 100} ${low - 20}`, 0.8)
    return (
      tail(408, 600, darker(base, 0.1)) +
      tail(268, 640, base) +
      form(
        'M230 250C232 130 340 108 400 108S568 130 570 250C572 350 470 384 400 384S228 350 230 250ZM318 246C330 292 470 292 482 246C476 190 324 190 318 246Z',
        base,
        { texture: 'knit', motif: paint, bevel: 18 },
      ) +
      crease('M262 210C300 150 500 150 540 214', 1.2) +
      crease('M256 280C300 350 500 350 546 280', 1.3) +
      crease('M290 330C350 366 450 366 510 330', 0.9)
    )
  },
}

export const gloves: Shape = {
  pose: 'flat',
  detail: [270, 380],
  draw(paint) {
    const { base, accent } = paint
    const hand =
      form(
        'M176 500C166 400 150 330 170 250C186 178 300 172 320 250C332 300 330 330 334 352C360 330 380 318 398 334C412 350 400 372 384 392C360 424 344 450 338 500Z',
        base,
        { texture: 'knit', motif: paint, bevel: 20 },
      ) +
      crease('M334 352C326 390 316 420 300 440', 1.2) +
      form(box(166, 490, 184, 140, 18), mix(base, accent, 0.55), { texture: 'rib', bevel: 14 }) +
      form(box(216, 556, 60, 34, 6), accent, { texture: 'leather', bevel: 3 })
    return move(-34, 0, hand) + mirrored(move(-34, 0, hand))
  },
}

export const sunglasses: Shape = {
  pose: 'stand',
  detail: [260, 520],
  draw(paint) {
    const { base, accent, variant } = paint
    const lens =
      variant % 2
        ? oval(264, 540, 112, 104)
        : 'M146 462Q270 440 370 466Q384 560 336 610Q240 652 176 604Q136 550 146 462Z'
    const half =
      line('M160 480C200 440 250 390 330 372', darker(base, 0.3), 15) +
      form(lens, mix(accent, '#151a1f', 0.45), { shade: 'down', bevel: 10 }) +
      gleam('M180 476Q230 464 262 466L206 600Q170 570 180 476Z', 0.2) +
      gleam('M284 468L310 470L250 620L226 616Z', 0.13) +
      line(lens, darker(base, 0.25), 21) +
      line(lens, base, 16) +
      `<g transform="translate(-2 -3)">${line(lens, '#fff', 4, 0.35)}</g>` +
      metal(box(140, 478, 22, 12, 5))
    return (
      half +
      mirrored(half) +
      line('M364 500Q400 462 436 500', darker(base, 0.3), 20) +
      line('M364 498Q400 460 436 498', base, 15) +
      line('M366 494Q400 458 434 494', '#fff', 4, 0.3)
    )
  },
}

export const watch: Shape = {
  pose: 'flat',
  detail: [400, 400],
  draw(paint) {
    const { base, accent, variant } = paint
    const face = variant % 2 ? '#f4efe4' : darker(accent, 0.55)
    const mark = contrast(face, 0.8)
    const links = variant % 3 === 2
    const band = links ? METAL : base
    const ring = variant % 2 ? '#d8b981' : METAL
    return (
      form('M330 300L342 92Q344 72 364 72H436Q456 72 458 92L470 300Z', band, {
        texture: links ? 'brushed' : 'leather',
        bevel: 10,
        motif: paint,
      }) +
      form('M330 500L342 708Q344 736 364 736H436Q456 736 458 708L470 500Z', band, {
        texture: links ? 'brushed' : 'leather',
        bevel: 10,
        motif: paint,
      }) +
      (links
        ? repeat(6, (at) =>
            line(`M${340 - at * 0.6} ${112 + at * 32}H${460 + at * 0.6}M340 ${520 + at * 32}H460`, '#000', 3, 0.35),
          )
        : stitch(
            'M346 290L356 96Q358 88 366 88H434Q442 88 444 96L454 290M346 510L356 704Q358 718 366 718H434Q442 718 444 704L454 510',
            contrast(band, 0.55),
          ) +
          repeat(4, (at) => `<ellipse cx="400" cy="${610 + at * 26}" rx="5" ry="7" fill="#000" fill-opacity=".6"/>`)) +
      form(box(530, 384, 26, 34, 6), ring, { shade: 'gloss', bevel: 3 }) +
      form(oval(400, 400, 138), ring, { shade: 'gloss', bevel: 10, texture: 'brushed' }) +
      form(oval(400, 400, 116), darker(ring, 0.4), { shade: 'up', bevel: 3 }) +
      form(oval(400, 400, 110), face, { shade: 'ball', bevel: 4 }) +
      repeat(60, (at) => {
        const hour = at % 5 === 0
        return `<path transform="rotate(${at * 6} 400 400)" d="M400 ${hour ? 300 : 298}V${hour ? 320 : 305}" stroke="${mark}" stroke-width="${hour ? 5 : 1.6}" stroke-opacity="${hour ? 0.95 : 0.6}"/>`
      }) +
      (variant % 2
        ? form(oval(400, 450, 26), mix(face, '#000000', 0.06), { bevel: 2 }) + line('M400 450L410 436', mark, 2.4)
        : '') +
      line('M400 412L352 350', mark, 8) +
      line('M396 414L466 342', mark, 5.5) +
      line('M400 424L412 306', mix(accent, '#d2452f', 0.5), 2.6) +
      metal(oval(400, 400, 8)) +
      gleam('M318 336Q360 294 420 292L348 470Q300 430 318 336Z', 0.12)
    )
  },
}

export const umbrella: Shape = {
  pose: 'stand',
  detail: [400, 320],
  draw(paint) {
    const { base, accent, variant } = paint
    const panels = [
      'M400 142C250 150 126 260 96 410Q146 366 216 408C230 290 310 180 400 142Z',
      'M400 142C310 180 230 290 216 408Q306 356 400 410V142Z',
      'M400 142V410Q494 356 584 408C570 290 490 180 400 142Z',
      'M400 142C490 180 570 290 584 408Q654 366 704 410C674 260 550 150 400 142Z',
    ]
    return (
      line('M400 130V660', darker(METAL, 0.4), 13) +
      line('M398 130V600', lighter(METAL, 0.4), 4, 0.8) +
      line('M400 560V650Q400 690 438 690Q470 690 470 656', variant % 2 ? '#7a5230' : darker(accent, 0.2), 22) +
      line('M396 566V650', '#fff', 5, 0.3) +
      panels
        .map((panel, at) =>
          form(panel, at % 2 && variant % 2 ? accent : darker(base, at * 0.06), {
            texture: 'canvas',
            motif: paint,
            bevel: 12,
            shade: 'down',
          }),
        )
        .join('') +
      line('M400 142C310 180 230 290 216 408M400 142V410M400 142C490 180 570 290 584 408', '#000', 2, 0.3) +
      metal('M392 104H408L412 146H388Z')
    )
  },
}

export const faceMask: Shape = {
  pose: 'flat',
  detail: [400, 400],
  draw(paint) {
    const { base, accent, variant } = paint
    const shell =
      variant % 2
        ? 'M190 300Q400 250 610 300Q624 400 600 500Q400 560 200 500Q176 400 190 300Z'
        : 'M170 250C230 276 280 300 330 286Q400 262 470 286C520 300 570 276 630 250C650 330 640 420 590 490C530 566 460 600 400 604C340 600 270 566 210 490C160 420 150 330 170 250Z'
    const loop = 'M196 316C96 290 66 470 216 486'
    return (
      line(loop, darker(base, 0.3), 15) +
      line(loop, lighter(base, 0.15), 11) +
      mirrored(line(loop, darker(base, 0.3), 15) + line(loop, lighter(base, 0.15), 11)) +
      form(shell, base, { texture: 'canvas', motif: paint, bevel: 22, shade: 'ball' }) +
      (variant % 2
        ? repeat(3, (at) => crease(`M200 ${352 + at * 48}Q400 ${322 + at * 48} 600 ${352 + at * 48}`, 1.6))
        : line('M400 270C392 370 392 480 400 602', '#000', 3, 0.28) +
          line('M396 274C388 370 388 480 396 600', '#fff', 3, 0.4) +
          crease('M250 330C300 360 330 380 340 430', 0.7) +
          crease('M550 330C500 360 470 380 460 430', 0.7)) +
      stitch(
        variant % 2
          ? 'M202 318Q400 268 598 318M212 484Q400 540 588 484'
          : 'M186 272C240 298 290 316 336 302Q400 280 464 302C510 316 560 298 614 272',
        mix(contrast(base, 0.5), accent, 0.4),
      ) +
      metal(box(380, variant % 2 ? 280 : 300, 40, 7, 3))
    )
  },
}

export const necklace: Shape = {
  pose: 'flat',
  detail: [400, 560],
  draw(paint) {
    const { base, accent, variant } = paint
    const gold = variant % 2 ? '#d6b06a' : '#c9ccd0'
    const chain = 'M250 150C150 300 220 470 400 520C580 470 650 300 550 150'
    const beads = variant % 3 === 0
    return (
      (beads
        ? repeat(31, (at) => {
            const share = at / 30
            const [x, y] = [400 + Math.cos(Math.PI * (1 - share)) * 205, 150 + Math.sin(Math.PI * share) * 370]
            return form(oval(x, y, 17), at % 4 ? lighter(base, 0.25) : accent, { shade: 'ball', bevel: 2 })
          })
        : `<path d="${chain}" fill="none" stroke="${darker(gold, 0.45)}" stroke-width="9"/><path d="${chain}" fill="none" stroke="${lighter(gold, 0.3)}" stroke-width="6" stroke-dasharray="7 5"/>`) +
      metal(oval(400, 534, 15)) +
      form('M400 540Q470 590 450 650Q430 690 400 694Q370 690 350 650Q330 590 400 540Z', gold, {
        shade: 'gloss',
        bevel: 6,
      }) +
      form('M400 566Q448 604 436 644Q424 672 400 676Q376 672 364 644Q352 604 400 566Z', accent, {
        shade: 'ball',
        bevel: 6,
      }) +
      gleam('M384 600Q400 584 412 594Q396 610 390 632Q378 620 384 600Z', 0.6)
    )
  },
}

export const bracelet: Shape = {
  pose: 'flat',
  detail: [400, 580],
  draw(paint) {
    const { base, accent, variant } = paint
    const count = 22
    const bead = (at: number) => {
      const angle = (at / count) * 2 * Math.PI - Math.PI / 2
      const [x, y] = [400 + Math.cos(angle) * 210, 400 + Math.sin(angle) * 196]
      const special = at % 11 === 0
      const tone = special ? '#d6b06a' : at % 4 === variant % 4 ? accent : mix(base, '#ffffff', (at % 3) * 0.09)
      return (
        form(oval(x, y, special ? 24 : 31), tone, { shade: 'ball', bevel: 3 }) +
        gleam(oval(x - 10, y - 13, 7, 4.5), 0.55)
      )
    }
    return (
      `<ellipse cx="400" cy="400" rx="210" ry="196" fill="none" stroke="${darker(base, 0.5)}" stroke-width="6"/>` +
      repeat(count, bead) +
      strap('M400 622Q388 664 396 704', 5, accent) +
      strap('M408 622Q424 660 416 696', 5, accent)
    )
  },
}
