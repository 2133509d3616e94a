import { contrast, darker, lighter, mix } from '../colour.ts'
import { box, crease, form, line, move, oval, repeat, stitch, type Shape } from '../pen.ts'

export const cap: Shape = {
  pose: 'stand',
  detail: [330, 400],
  draw(paint) {
    const { base, accent, variant } = paint
    const brim = variant % 2 ? accent : mix(base, '#000000', 0.08)
    return move(
      20,
      44,
      form(
        'M236 472C160 470 84 506 70 560C66 590 96 604 130 594C240 556 380 548 560 566L600 470Z',
        darker(brim, 0.35),
        { bevel: 4 },
      ) +
        form('M206 470C204 300 300 196 430 196C566 196 646 320 648 560C540 520 330 500 206 470Z', base, {
          texture: 'twill',
          motif: paint,
          bevel: 18,
          shade: 'ball',
        }) +
        line('M432 198C330 240 284 350 286 488', contrast(base, 0.4), 3, 0.55) +
        stitch('M440 200C346 246 298 354 300 488', contrast(base, 0.5), 0.5) +
        line('M432 198C520 240 566 360 570 540', contrast(base, 0.4), 3, 0.45) +
        stitch('M424 200C508 244 554 360 558 538', contrast(base, 0.5), 0.5) +
        form(
          'M206 470C330 486 470 506 566 548C470 536 250 536 130 594C96 604 66 590 70 560C84 506 150 464 206 470Z',
          brim,
          { texture: 'twill', bevel: 10 },
        ) +
        repeat(4, (at) =>
          stitch(
            `M${196 - at * 30} ${484 + at * 12}C${330 - at * 20} ${496 + at * 6} ${440 - at * 20} ${512 + at * 4} ${520 - at * 16} ${536 + at * 2}`,
            contrast(brim, 0.5),
            0.5,
          ),
        ) +
        form(oval(432, 196, 17, 11), accent, { shade: 'ball', bevel: 2 }) +
        form(oval(350, 300, 9, 11), darker(base, 0.5), { bevel: 2 }) +
        (variant % 3 === 0
          ? `<g transform="translate(392 392) rotate(6) scale(.9)">${form(oval(0, 0, 48), accent, { bevel: 5 })}${line('M-28 12Q-14 -10 0 8T28 4', contrast(accent, 0.7), 7)}${form(oval(8, -16, 9), contrast(accent, 0.7), { bevel: 0 })}</g>`
          : ''),
    )
  },
}

export const beanie: Shape = {
  pose: 'stand',
  detail: [400, 540],
  draw(paint) {
    const { base, accent, variant } = paint
    const pom =
      variant % 2
        ? form(
            'M400 96Q424 84 440 104Q466 104 468 130Q488 148 472 170Q474 196 448 202Q430 222 404 210Q376 222 358 202Q330 198 332 170Q312 150 332 130Q334 104 360 104Q376 84 400 96Z',
            lighter(accent, 0.15),
            { texture: 'fleece', shade: 'ball', bevel: 10 },
          )
        : ''
    return (
      form('M196 560C190 330 280 184 400 184S610 330 604 560Z', base, {
        texture: 'rib',
        motif: paint,
        bevel: 22,
        shade: 'ball',
      }) +
      repeat(5, (at) =>
        crease(`M${280 + at * 60} 540C${290 + at * 54} 400 ${350 + at * 25} 260 ${388 + at * 6} 196`, 0.9),
      ) +
      pom +
      form(
        'M180 500Q400 462 620 500Q634 570 622 634Q400 672 178 634Q166 570 180 500Z',
        mix(base, variant % 2 ? accent : '#ffffff', variant % 2 ? 0.4 : 0.06),
        { texture: 'rib', bevel: 16 },
      ) +
      (variant % 2
        ? ''
        : form(box(440, 546, 96, 54, 6), accent, { texture: 'leather', bevel: 4 }) +
          stitch(box(446, 552, 84, 42, 4), contrast(accent, 0.6)))
    )
  },
}

export const bucketHat: Shape = {
  pose: 'stand',
  detail: [400, 520],
  draw(paint) {
    const { base, accent } = paint
    return (
      form(
        'M122 620C180 560 220 480 246 466H554C580 480 620 560 678 620C640 664 160 664 122 620Z',
        darker(base, 0.06),
        { texture: 'canvas', motif: paint, bevel: 12, shade: 'down' },
      ) +
      repeat(4, (at) =>
        stitch(
          `M${226 - at * 27} ${512 + at * 28}Q400 ${556 + at * 28} ${574 + at * 27} ${512 + at * 28}`,
          contrast(base, 0.5),
          0.5,
        ),
      ) +
      form('M240 480C250 380 276 300 300 280Q400 256 500 280C524 300 550 380 560 480Q400 530 240 480Z', base, {
        texture: 'canvas',
        motif: paint,
        bevel: 16,
        shade: 'side',
      }) +
      form('M240 480L245 444Q400 494 555 444L560 480Q400 530 240 480Z', accent, { texture: 'canvas', bevel: 4 }) +
      stitch('M300 286Q400 312 500 286', contrast(base, 0.5), 0.6) +
      form(oval(400, 283, 100, 17), mix(base, '#ffffff', 0.08), { bevel: 4 }) +
      form(oval(500, 380, 8, 10), darker(base, 0.5), { bevel: 2 }) +
      form(oval(520, 420, 8, 10), darker(base, 0.5), { bevel: 2 })
    )
  },
}
