import { contrast, darker, lighter, mix } from '../colour.ts'
import { box, form, gleam, line, METAL, metal, mirrored, oval, repeat, strap, stitch, type Shape } from '../pen.ts'

export const headphones: Shape = {
  pose: 'stand',
  detail: [240, 500],
  draw(paint) {
    const { base, accent, variant } = paint
    const band = 'M206 470C180 60 620 60 594 470'
    const cup =
      form('M206 430Q150 440 146 530T206 630Q250 634 262 600V462Q250 426 206 430Z', darker(base, 0.15), {
        bevel: 12,
        texture: variant % 2 ? 'brushed' : 'leather',
      }) +
      form('M258 448Q292 452 296 532T258 612Q238 612 236 530T258 448Z', mix(base, '#000000', 0.4), {
        texture: 'leather',
        bevel: 12,
      }) +
      form(oval(190, 530, 30, 62), accent, { shade: 'gloss', bevel: 6, texture: 'brushed' }) +
      line('M206 436V370', METAL, 17) +
      line('M202 436V370', '#fff', 5, 0.5)
    return (
      line(band, darker(base, 0.4), 40) +
      line(band, base, 33) +
      line('M232 300C260 100 540 100 568 300', '#fff', 9, 0.2) +
      line('M252 310C280 140 520 140 548 310', mix(base, '#000000', 0.35), 24) +
      stitch('M262 296C296 150 504 150 538 296', contrast(base, 0.4), 0.5) +
      cup +
      mirrored(cup) +
      (variant % 2 ? '' : strap('M196 628C190 690 330 640 380 690', 7, darker(base, 0.3)))
    )
  },
}

export const earbuds: Shape = {
  pose: 'stand',
  detail: [400, 400],
  draw(paint) {
    const { base, accent } = paint
    const bud =
      form(
        'M300 300Q262 296 256 330T292 384L300 460Q302 476 316 476T330 460L334 372Q352 350 340 322T300 300Z',
        lighter(base, 0.12),
        { shade: 'gloss', bevel: 9 },
      ) +
      form(oval(286, 342, 24, 20), darker(base, 0.4), { shade: 'ball', bevel: 4 }) +
      gleam('M312 318Q330 322 330 340Q318 330 312 318Z', 0.5)
    return (
      form('M186 330Q190 130 250 120H550Q610 130 614 330Q400 360 186 330Z', base, {
        shade: 'gloss',
        bevel: 16,
        motif: paint,
      }) +
      form('M214 322Q220 166 262 158H538Q580 166 586 322Q400 346 214 322Z', darker(base, 0.5), {
        shade: 'up',
        bevel: 8,
      }) +
      form('M180 430Q180 400 210 400H590Q620 400 620 430V560Q620 652 530 652H270Q180 652 180 560Z', darker(base, 0.3), {
        bevel: 6,
      }) +
      bud +
      mirrored(bud) +
      form('M174 452Q400 486 626 452V560Q626 652 534 652H266Q174 652 174 560Z', base, {
        shade: 'soft',
        bevel: 18,
        motif: paint,
      }) +
      `<circle cx="400" cy="530" r="8" fill="${accent}"/><circle cx="400" cy="530" r="15" fill="${accent}" fill-opacity=".25"/>` +
      gleam('M210 490Q230 500 250 502L244 600Q214 580 210 490Z', 0.25)
    )
  },
}

export const keyboard: Shape = {
  pose: 'flat',
  detail: [300, 370],
  draw(paint) {
    const { base, accent, variant } = paint
    const keyTone = (row: number, column: number) =>
      (row === 0 && column === 0) || (row === 3 && column > 9) || (row === 4 && column === 3)
        ? accent
        : (column === 0 || column > 10) && row > 0
          ? mix(base, accent, 0.32)
          : lighter(base, 0.22)
    const key = (x: number, y: number, wide: number, tone: string) =>
      `<path d="${box(x, y, wide, 48, 7)}" fill="${darker(tone, 0.35)}"/><path d="${box(x + 3.5, y + 1, wide - 7, 38, 6)}" fill="${tone}"/><path d="${box(x + 3.5, y + 1, wide - 7, 38, 6)}" fill="url(#s-up)" opacity=".35"/><path d="${box(x + 6, y + 3, wide - 12, 3, 1.5)}" fill="#fff" fill-opacity=".35"/>`
    const rows = repeat(4, (row) =>
      repeat(12, (column) => key(92 + column * 51.4, 278 + row * 53, 49, keyTone(row, column))),
    )
    const bottom = [
      [92, 62],
      [156, 56],
      [214, 56],
      [272, 262],
      [536, 56],
      [594, 56],
      [652, 56],
    ]
      .map(([x, wide], at) => key(x!, 490, wide!, keyTone(4, at)))
      .join('')
    return (
      form(box(66, 250, 668, 318, 26), darker(base, variant % 2 ? 0.05 : 0.3), { bevel: 12, texture: 'brushed' }) +
      form(box(82, 266, 636, 286, 14), darker(base, 0.55), { shade: 'up', bevel: 4 }) +
      rows +
      bottom +
      strap('M400 250C400 190 480 190 470 110', 10, darker(accent, 0.2))
    )
  },
}

export const mouse: Shape = {
  pose: 'flat',
  detail: [400, 300],
  draw(paint) {
    const { base, accent } = paint
    return (
      form('M400 132C520 132 566 220 570 360C576 540 520 672 400 672S224 540 230 360C234 220 280 132 400 132Z', base, {
        shade: 'ball',
        bevel: 26,
        motif: paint,
      }) +
      line('M400 134V352M232 356Q400 396 568 356', '#000', 4, 0.35) +
      line('M396 134V350', '#fff', 3, 0.25) +
      form(box(378, 200, 44, 112, 22), darker(base, 0.5), { bevel: 4 }) +
      form(box(385, 212, 30, 88, 15), accent, { texture: 'rib', shade: 'tube', bevel: 4 }) +
      form(box(386, 330, 28, 20, 8), mix(base, accent, 0.6), { bevel: 3 }) +
      form('M238 420Q224 470 240 520Q250 520 252 470T238 420Z', darker(base, 0.3), { bevel: 3 }) +
      gleam('M270 250Q290 176 360 158Q320 210 306 330Q280 330 270 250Z', 0.26)
    )
  },
}

export const phoneCase: Shape = {
  pose: 'flat',
  detail: [400, 250],
  draw(paint) {
    const { base, accent, variant } = paint
    return (
      form(box(246, 84, 308, 632, 54), darker(base, 0.25), { bevel: 6 }) +
      form(box(250, 82, 300, 626, 50), base, {
        motif: paint,
        shade: 'soft',
        bevel: 12,
        ...(variant % 3 === 2 ? { texture: 'leather' as const } : {}),
      }) +
      form(box(274, 106, 132, 140, 36), darker(base, 0.35), { bevel: 5 }) +
      [
        [310, 144],
        [366, 144],
        [310, 204],
      ]
        .map(
          ([x, y]) =>
            form(oval(x!, y!, 24), '#26292e', { shade: 'gloss', bevel: 3 }) +
            form(oval(x!, y!, 12), '#0f1620', { shade: 'ball', bevel: 1 }) +
            gleam(oval(x! - 5, y! - 6, 4), 0.7),
        )
        .join('') +
      form(oval(366, 204, 10), '#f3e8c8', { shade: 'ball', bevel: 1 }) +
      (paint.motif === 'plain'
        ? `<g fill="${accent}"><circle cx="470" cy="520" r="58"/><path d="M250 650Q330 540 420 590T550 560V660Q550 708 500 708H300Q250 708 250 660Z" fill-opacity=".75"/></g>`
        : '') +
      (variant % 2 ? strap('M560 640C640 660 640 560 620 500', 13, accent) + metal(oval(556, 640, 12)) : '') +
      gleam('M262 300L262 640L300 690L276 400Z', 0.12) +
      gleam('M440 92H520L300 700L256 660Z', 0.07)
    )
  },
}

export const powerBank: Shape = {
  pose: 'stand',
  detail: [400, 520],
  draw(paint) {
    const { base, accent } = paint
    return (
      strap('M470 200C480 110 580 120 590 210C600 300 640 320 640 420', 14, lighter(base, 0.3)) +
      form(box(622, 410, 36, 74, 8), lighter(base, 0.35), { bevel: 4 }) +
      metal(box(630, 480, 20, 28, 3)) +
      form(box(262, 180, 276, 470, 40), base, { motif: paint, shade: 'tube', bevel: 12, texture: 'brushed' }) +
      form(box(300, 216, 200, 92, 18), '#14181c', { shade: 'soft', bevel: 4 }) +
      repeat(
        4,
        (at) =>
          `<path d="${box(326 + at * 40, 246, 28, 32, 5)}" fill="${at < 3 ? mix(accent, '#c8ffd8', 0.5) : '#3a4047'}"/>`,
      ) +
      form(box(338, 176, 44, 12, 4), '#20242a', { bevel: 1 }) +
      form(box(418, 176, 44, 12, 4), '#20242a', { bevel: 1 }) +
      `<path d="M412 500L372 566H398L388 616L430 546H404Z" fill="${accent}"/>` +
      gleam('M288 240Q298 224 308 240V600Q296 614 288 600Z', 0.26)
    )
  },
}

export const speaker: Shape = {
  pose: 'stand',
  detail: [400, 450],
  draw(paint) {
    const { base, accent, variant } = paint
    if (variant % 2) {
      return (
        form(box(140, 270, 520, 380, 44), '#a9764a', { texture: 'wood', bevel: 14 }) +
        form(box(170, 300, 460, 320, 28), base, { texture: 'mesh', motif: paint, bevel: 8, shade: 'up' }) +
        form(oval(300, 460, 112), darker(base, 0.25), { texture: 'mesh', shade: 'ball', bevel: 9 }) +
        form(oval(300, 460, 44), darker(base, 0.5), { shade: 'ball', bevel: 5 }) +
        form(oval(530, 400, 56), accent, { shade: 'gloss', bevel: 7, texture: 'brushed' }) +
        line('M530 400L556 364', contrast(accent, 0.7), 6) +
        repeat(3, (at) => form(oval(476 + at * 54, 540, 17), METAL, { shade: 'gloss', bevel: 3 })) +
        strap('M230 270C240 190 560 190 570 270', 22, darker(accent, 0.2))
      )
    }
    return (
      strap('M536 300C640 330 620 470 560 480', 14, accent) +
      form('M238 250Q238 210 400 206T562 250V600Q562 650 400 652T238 600Z', base, {
        texture: 'mesh',
        motif: paint,
        shade: 'tube',
        bevel: 10,
      }) +
      form('M236 590Q400 630 564 590V618Q560 654 400 656T236 618Z', accent, { shade: 'tube', bevel: 5 }) +
      form(oval(400, 248, 162, 42), darker(base, 0.35), { bevel: 5 }) +
      form(oval(400, 246, 126, 30), mix(base, accent, 0.3), { shade: 'soft', bevel: 4 }) +
      line('M384 246H416M400 238V254M330 246H352M448 246H470', contrast(base, 0.7), 5) +
      form(box(366, 420, 68, 40, 8), accent, { bevel: 4 })
    )
  },
}

export const fan: Shape = {
  pose: 'stand',
  detail: [400, 300],
  draw(paint) {
    const { base, accent } = paint
    const blade = 'M0 -16C-30 -90 -20 -170 60 -172C130 -160 110 -60 16 0Z'
    return (
      form('M372 470H428L440 612H360Z', mix(base, '#ffffff', 0.15), { shade: 'tube', bevel: 6 }) +
      form('M250 634Q250 604 400 600T550 634V650H250Z', base, { shade: 'tube', bevel: 8 }) +
      form(oval(400, 622, 20, 8), accent, { bevel: 2 }) +
      form(oval(400, 306, 216), lighter(base, 0.55), { shade: 'ball', bevel: 6 }) +
      repeat(
        5,
        (at) =>
          `<g transform="translate(400 306) rotate(${at * 72})"><path d="${blade}" fill="${accent}" fill-opacity=".82"/><path d="${blade}" fill="url(#s-soft)"/></g>`,
      ) +
      repeat(
        36,
        (at) =>
          `<path transform="rotate(${at * 10} 400 306)" d="M400 262Q412 170 400 92" stroke="${base}" stroke-width="3.6" fill="none"/>`,
      ) +
      line(oval(400, 306, 150), base, 4) +
      line(oval(400, 306, 216), darker(base, 0.25), 18) +
      line(oval(400, 306, 216), base, 13) +
      form(oval(400, 306, 46), base, { shade: 'ball', bevel: 7 })
    )
  },
}
