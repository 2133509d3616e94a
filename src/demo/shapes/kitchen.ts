import { contrast, darker, lighter, mix } from '../colour.ts'
import { box, form, gleam, line, METAL, metal, oval, repeat, type Shape } from '../pen.ts'

export const mug: Shape = {
  pose: 'stand',
  detail: [380, 470],
  draw(paint) {
    const { base, accent, variant } = paint
    const dip = variant % 2
    return (
      line('M560 396C700 370 704 570 556 560', darker(base, 0.4), 44) +
      line('M560 396C700 370 704 570 556 560', base, 38) +
      line('M566 386C690 366 696 556 566 552', '#fff', 8, 0.3) +
      form('M206 320H574V586Q574 650 510 650H270Q206 650 206 586Z', base, { motif: paint, shade: 'tube', bevel: 8 }) +
      (dip
        ? form('M206 480Q300 452 390 486T574 470V586Q574 650 510 650H270Q206 650 206 586Z', accent, {
            shade: 'tube',
            bevel: 6,
            edge: 0,
          })
        : '') +
      form(oval(390, 322, 184, 40), lighter(base, 0.25), { bevel: 3 }) +
      form(oval(390, 326, 168, 31), darker(base, 0.3), { shade: 'up', bevel: 2 }) +
      (variant % 3 === 0
        ? form('M224 336Q390 302 556 336Q520 358 390 358T224 336Z', '#6b4226', { shade: 'down', bevel: 2 })
        : '') +
      gleam('M240 380Q252 370 264 380V580Q262 604 250 606Q240 604 240 580Z', 0.34)
    )
  },
}

export const bottle: Shape = {
  pose: 'stand',
  detail: [400, 400],
  draw(paint) {
    const { base, accent, variant } = paint
    const steel = variant % 2
    return (
      (steel ? line('M340 150C330 86 470 86 460 150', accent, 18) : '') +
      form('M300 300Q300 252 330 236H470Q500 252 500 300V618Q500 652 466 652H334Q300 652 300 618Z', base, {
        motif: paint,
        shade: 'tube',
        bevel: 6,
      }) +
      form('M300 588H500V618Q500 652 466 652H334Q300 652 300 618Z', mix(base, accent, 0.6), {
        shade: 'tube',
        bevel: 3,
      }) +
      form(box(334, 206, 132, 40, 6), METAL, { shade: 'tube', bevel: 3, texture: 'brushed' }) +
      form(box(324, 136, 152, 82, 18), steel ? darker(accent, 0.1) : mix(base, '#ffffff', 0.3), {
        shade: 'tube',
        bevel: 6,
      }) +
      repeat(11, (at) => line(`M${338 + at * 12.4} 156V204`, '#000', 3, 0.14)) +
      form(box(372, 392, 56, 96, 12), mix(base, accent, 0.35), { shade: 'soft', bevel: 4 }) +
      line('M388 412H412M388 428H412M388 444H404', contrast(accent, 0.6), 4, 0.8) +
      gleam('M328 300Q336 276 348 276V600Q340 616 328 604Z', 0.3)
    )
  },
}

export const bowls: Shape = {
  pose: 'stand',
  detail: [400, 520],
  draw(paint) {
    const { base, accent } = paint
    const bowl = (y: number, wide: number, tone: string) =>
      form(
        `M${400 - wide} ${y}C${400 - wide + 6} ${y + 110} ${400 - wide * 0.5} ${y + 150} ${400 - wide * 0.42} ${y + 152}H${400 + wide * 0.42}C${400 + wide * 0.5} ${y + 150} ${400 + wide - 6} ${y + 110} ${400 + wide} ${y}Z`,
        tone,
        { motif: paint, shade: 'tube', bevel: 8 },
      ) +
      form(
        `M${400 - wide * 0.42} ${y + 146}H${400 + wide * 0.42}L${400 + wide * 0.38} ${y + 168}H${400 - wide * 0.38}Z`,
        mix(tone, '#c49a6c', 0.5),
        { shade: 'tube', bevel: 2 },
      )
    return (
      bowl(482, 258, darker(base, 0.08)) +
      form(oval(400, 482, 258, 42), darker(base, 0.2), { bevel: 3 }) +
      bowl(386, 226, mix(base, accent, 0.4)) +
      form(oval(400, 386, 226, 37), darker(base, 0.2), { bevel: 3 }) +
      bowl(292, 198, lighter(base, 0.1)) +
      form(oval(400, 292, 198, 36), lighter(base, 0.35), { bevel: 3 }) +
      form(oval(400, 297, 182, 28), mix(base, '#000000', 0.22), { shade: 'up', bevel: 2 }) +
      line('M208 304Q400 366 592 304', accent, 5, 0.8)
    )
  },
}

export const teapot: Shape = {
  pose: 'stand',
  detail: [400, 480],
  draw(paint) {
    const { base, accent, variant } = paint
    return (
      (variant % 2
        ? line('M236 360C240 130 560 130 564 360', darker('#a97b4a', 0.3), 24) +
          line('M236 360C240 130 560 130 564 360', '#a97b4a', 19) +
          line('M244 330C256 150 540 150 556 330', '#fff', 5, 0.3)
        : line('M590 400C720 370 724 580 580 570', darker(base, 0.4), 36) +
          line('M590 400C720 370 724 580 580 570', base, 30) +
          line('M600 390C704 372 708 560 596 560', '#fff', 6, 0.3)) +
      form('M240 470C190 460 160 400 110 356L82 380Q120 460 170 530Q200 570 250 580Z', base, {
        bevel: 10,
        shade: 'soft',
      }) +
      form('M400 346C530 346 614 416 614 502C614 600 530 650 400 650S186 600 186 502C186 416 270 346 400 346Z', base, {
        motif: paint,
        shade: 'ball',
        bevel: 14,
      }) +
      form('M288 368Q400 330 512 368Q520 392 400 400Q280 392 288 368Z', mix(base, '#000000', 0.12), { bevel: 4 }) +
      form('M300 358Q318 300 400 296Q482 300 500 358Q400 384 300 358Z', lighter(base, 0.06), {
        motif: paint,
        shade: 'ball',
        bevel: 8,
      }) +
      form(oval(400, 284, 25, 23), accent, { shade: 'ball', bevel: 3 }) +
      gleam('M240 440Q270 394 330 382Q296 420 274 480Q250 490 240 440Z', 0.28)
    )
  },
}

export const lunchBox: Shape = {
  pose: 'stand',
  detail: [400, 520],
  draw(paint) {
    const { base, accent, variant } = paint
    const layer = (y: number, high: number, tone: string) =>
      form(box(170, y, 460, high, 46), tone, { motif: paint, shade: 'tube', bevel: 12 })
    return (
      (variant % 2 ? line('M230 300C230 180 570 180 570 300', darker(accent, 0.1), 22) : '') +
      layer(500, 150, base) +
      layer(352, 152, mix(base, accent, 0.35)) +
      line('M176 500H624', '#000', 4, 0.28) +
      form(
        'M164 300Q164 262 206 262H594Q636 262 636 300V346Q636 366 616 366H184Q164 366 164 346Z',
        variant % 2 ? '#c99f6d' : accent,
        { texture: variant % 2 ? 'wood' : 'brushed', shade: 'down', bevel: 10 },
      ) +
      [150, 614]
        .map(
          (x) =>
            form(box(x, 330, 36, 96, 10), lighter(accent, 0.2), { shade: 'side', bevel: 5 }) +
            metal(box(x + 8, 342, 20, 8, 4)),
        )
        .join('') +
      gleam('M206 420Q214 410 224 420V470Q216 482 206 474Z', 0.3)
    )
  },
}
