import { contrast, darker, lighter, mix } from '../colour.ts'
import { box, crease, form, line, mirrored, move, repeat, stitch, type Paint, type Shape } from '../pen.ts'

const UPPER =
  'M146 556C136 500 142 420 178 372C200 356 232 368 262 384C292 396 318 372 340 338L398 316C428 372 470 424 548 446C630 466 688 492 692 556Z'
const HIGH =
  'M146 556C140 470 150 330 168 226C210 206 280 206 330 222C336 270 352 300 376 322L402 330C430 378 470 424 548 446C630 466 688 492 692 556Z'

function sneakerSide({ base, accent, variant, motif, id }: Paint, shift: number): string {
  const high = variant % 3 === 2
  const sole = variant % 2 ? '#efe9dc' : lighter(accent, 0.55)
  const upper = high ? HIGH : UPPER
  const dark = darker(base, 0.3 * shift)
  const throat = high
    ? 'M330 222C340 290 372 340 452 434L396 452C340 400 300 320 292 226Z'
    : 'M340 338L398 316C420 360 442 398 486 428L430 456C390 428 356 388 340 338Z'
  const laces = repeat(high ? 6 : 4, (at) => {
    const [x, y] = high ? [304 + at * 23, 262 + at * 33] : [354 + at * 24, 356 + at * 24]
    return (
      line(`M${x} ${y + 14}Q${x + 26} ${y - 4} ${x + 52} ${y - 8}`, lighter(sole, 0.35), 10) +
      line(`M${x} ${y + 18}Q${x + 26} ${y} ${x + 52} ${y - 4}`, '#000', 2, 0.2)
    )
  })
  return (
    form(upper, dark, {
      texture: variant % 2 ? 'mesh' : 'leather',
      motif: { base, accent, variant, motif, id },
      bevel: 14,
    }) +
    form(throat, darker(dark, 0.22), { bevel: 4, texture: 'canvas' }) +
    form('M528 442C600 456 690 480 692 556H566C596 520 580 470 528 442Z', mix(dark, accent, 0.55), {
      texture: 'leather',
      bevel: 9,
    }) +
    form('M146 556C138 500 142 430 170 384C214 400 236 470 226 556Z', mix(dark, accent, 0.75), {
      texture: 'leather',
      bevel: 9,
    }) +
    form('M250 556C262 500 310 462 388 452C440 470 470 510 474 556Z', mix(dark, '#ffffff', 0.12), {
      texture: 'leather',
      bevel: 8,
    }) +
    stitch('M266 548C282 506 320 474 386 464C430 480 456 510 460 548', contrast(dark, 0.5)) +
    repeat(5, (at) => `<circle cx="${536 + at * 17}" cy="${476 + at * 6}" r="3.6" fill="#000" fill-opacity=".35"/>`) +
    crease('M500 440C520 470 520 500 512 540', 0.7) +
    laces +
    form(
      'M126 548C116 540 122 532 134 534Q400 562 690 538C716 544 724 578 706 604C690 622 660 630 624 630H172C130 628 112 586 126 548Z',
      sole,
      {
        shade: 'down',
        bevel: 9,
      },
    ) +
    line('M122 584Q400 598 712 576', darker(sole, 0.35), 3, 0.55) +
    repeat(17, (at) => line(`M${158 + at * 29} 628V612`, darker(sole, 0.5), 5, 0.4, 'butt')) +
    form('M134 616Q400 634 700 606Q692 640 640 648H176Q142 644 134 616Z', darker(accent, 0.3), {
      shade: 'down',
      bevel: 3,
    })
  )
}

export const sneaker: Shape = {
  pose: 'stand',
  detail: [430, 480],
  draw: (paint) =>
    move(44, -52, sneakerSide({ ...paint, base: darker(paint.base, 0.14) }, 0.4)) + move(-40, 0, sneakerSide(paint, 0)),
}

function slide({ base, accent, motif, id, variant }: Paint): string {
  const footbed = mix(base, '#f1e6d2', 0.35)
  return (
    form(
      'M226 130C318 124 366 206 362 300C358 380 340 430 344 520C348 616 312 668 246 668S148 616 152 520C156 430 130 380 132 284C134 200 160 134 226 130Z',
      darker(base, 0.28),
      { bevel: 10 },
    ) +
    form(
      'M228 148C302 144 344 214 342 298C338 376 322 430 326 520C330 602 298 650 246 650S166 602 170 520C174 430 150 376 152 288C154 214 176 152 228 148Z',
      footbed,
      { bevel: 16, texture: 'leather' },
    ) +
    repeat(7, (at) =>
      line(`M${186 + at * 2} ${486 + at * 20}Q248 ${476 + at * 20} ${308 - at * 2} ${486 + at * 20}`, '#000', 3, 0.12),
    ) +
    (variant % 2
      ? form('M116 250Q240 190 376 246L366 330Q240 286 130 334Z', accent, {
          texture: 'leather',
          bevel: 12,
          motif: { base, accent: base, motif, id, variant },
        }) +
        form('M126 356Q240 310 364 352L354 424Q244 384 144 428Z', accent, { texture: 'leather', bevel: 12 }) +
        form(box(300, 262, 44, 54, 8), '#c9c3b4', { shade: 'gloss', bevel: 3 }) +
        form(box(292, 362, 44, 50, 8), '#c9c3b4', { shade: 'gloss', bevel: 3 })
      : form('M112 264Q240 176 380 260L364 432Q244 370 134 436Z', base, {
          texture: 'canvas',
          bevel: 18,
          motif: { base, accent, motif, id, variant },
        }))
  )
}

export const slides: Shape = {
  pose: 'flat',
  detail: [250, 340],
  draw: (paint) => move(8, 0, slide(paint)) + mirrored(move(8, 0, slide(paint))),
}

export const socks: Shape = {
  pose: 'flat',
  detail: [330, 240],
  draw(paint) {
    const sock = (at: number) => {
      const { base, accent } = paint
      const body =
        'M262 130H392Q402 130 402 146L398 440C400 480 440 494 496 520C566 552 580 600 548 632C516 662 440 660 372 640C300 618 256 560 258 474Z'
      return (
        form(body, darker(base, at * 0.12), { texture: 'knit', motif: paint, bevel: 16 }) +
        form('M258 474C258 520 270 558 300 590C350 570 392 520 398 452C340 500 300 480 258 474Z', accent, {
          texture: 'knit',
          bevel: 8,
        }) +
        form('M496 520C566 552 580 600 548 632C530 648 504 656 474 658C452 610 462 556 496 520Z', accent, {
          texture: 'knit',
          bevel: 8,
        }) +
        form(box(254, 122, 156, 96, 14), mix(base, accent, 0.35), { texture: 'rib', bevel: 8 }) +
        (paint.variant % 2
          ? form('M256 240H404V262H256ZM257 280H402V302H257Z', accent, { texture: 'knit', bevel: 0, edge: 0 })
          : '') +
        crease('M300 420C330 452 350 500 344 560', 0.7)
      )
    }
    return move(96, -16, sock(1)) + move(-74, 18, sock(0))
  },
}
