import { contrast, darker, lighter, mix } from '../colour.ts'
import { box, form, line, metal, mirrored, oval, repeat, stitch, strap, type Shape } from '../pen.ts'

export const plush: Shape = {
  pose: 'stand',
  detail: [400, 290],
  draw(paint) {
    const { base, accent, variant } = paint
    const soft = (path: string, tone: string, bevel = 20) =>
      form(path, tone, { texture: 'fleece', shade: 'ball', bevel, edge: 0.18 })
    const pale = lighter(base, 0.42)
    const ears = [
      soft(oval(280, 176, 58), base) + soft(oval(284, 182, 32), pale, 6),
      soft('M318 220C250 170 250 40 290 34C336 34 366 140 358 216Z', base) +
        soft('M320 190C286 140 284 70 298 66C320 70 338 140 336 190Z', pale, 5),
      soft('M262 226C240 150 246 104 258 100C290 104 350 150 366 190Z', base, 14) +
        soft('M276 204C264 160 266 134 270 132C290 138 322 162 336 184Z', pale, 4),
    ][variant % 3]!
    const limbs =
      soft('M250 420C180 420 140 480 160 530C180 560 230 530 268 490Z', darker(base, 0.06)) +
      soft(oval(284, 612, 78, 46), darker(base, 0.04)) +
      soft(oval(276, 616, 38, 24), pale, 6)
    return (
      limbs +
      mirrored(limbs) +
      soft(
        'M400 380C520 380 560 480 552 560C544 630 470 652 400 652S256 630 248 560C240 480 280 380 400 380Z',
        base,
        28,
      ) +
      soft(oval(400, 530, 96, 92), pale, 18) +
      ears +
      mirrored(ears) +
      soft(
        'M400 146C520 146 572 220 568 290C562 370 490 410 400 410S238 370 232 290C228 220 280 146 400 146Z',
        base,
        30,
      ) +
      soft(oval(400, 336, 76, 54), pale, 14) +
      [330, 470]
        .map(
          (x) =>
            form(oval(x, 276, 15, 17), '#231a15', { shade: 'ball', bevel: 2 }) +
            `<circle cx="${x - 5}" cy="269" r="4.6" fill="#fff"/>` +
            `<ellipse cx="${x + (x < 400 ? -32 : 32)}" cy="322" rx="24" ry="15" fill="#e88f80" fill-opacity=".35"/>`,
        )
        .join('') +
      form('M376 312Q400 300 424 312Q420 336 400 338Q380 336 376 312Z', darker(base, 0.65), {
        shade: 'ball',
        bevel: 2,
      }) +
      line('M400 338V352Q384 370 368 358M400 352Q416 370 432 358', darker(base, 0.65), 4.5) +
      form('M400 408C370 384 318 378 312 412S370 444 400 420C430 444 482 446 488 412S430 384 400 408Z', accent, {
        bevel: 7,
        motif: { ...paint, motif: 'plain' },
      }) +
      form(oval(400, 414, 18, 16), darker(accent, 0.1), { shade: 'ball', bevel: 4 })
    )
  },
}

export const notebook: Shape = {
  pose: 'flat',
  detail: [430, 360],
  draw(paint) {
    const { base, accent, variant } = paint
    return (
      form(box(216, 122, 388, 566, 14), darker(base, 0.4), { bevel: 4 }) +
      form(box(220, 118, 378, 560, 8), '#f2ecdc', { shade: 'none', bevel: 0 }) +
      repeat(6, (at) => line(`M${590 + at * 2} 124V674`, '#000', 1, 0.16)) +
      form(box(204, 110, 380, 564, 16), base, { texture: variant % 2 ? 'leather' : 'canvas', motif: paint, bevel: 9 }) +
      `<path d="M204 126Q204 110 220 110H244V674H220Q204 674 204 658Z" fill="#000" fill-opacity=".16"/>` +
      line('M246 112V672', '#fff', 2, 0.2) +
      line('M540 110V674', darker(accent, 0.25), 15, 1, 'butt') +
      line('M538 110V674', accent, 10, 1, 'butt') +
      (variant % 2
        ? stitch(box(256, 124, 312, 536, 8), contrast(base, 0.5), 0.6)
        : form(box(296, 230, 190, 110, 6), '#f3ecdd', { bevel: 3 }) +
          line('M320 266H462M320 290H440M320 314H400', '#a59c8a', 4)) +
      strap('M300 674C296 730 310 740 302 764', 9, accent)
    )
  },
}

export const rainbowToy: Shape = {
  pose: 'stand',
  detail: [400, 420],
  draw(paint) {
    const { base, accent, variant } = paint
    const tones = [
      base,
      mix(base, '#f2c14e', 0.55),
      accent,
      mix(accent, '#5aa9a3', 0.5),
      lighter(base, 0.4),
      mix(base, accent, 0.5),
    ]
    return (
      repeat(6, (at) => {
        const [outer, inner] = [290 - at * 46, 250 - at * 46]
        return form(
          `M${400 - outer} 650V${650 - outer * 0.35}A${outer} ${outer} 0 0 1 ${400 + outer} ${650 - outer * 0.35}V650H${400 + inner}V${650 - outer * 0.35}A${inner} ${inner} 0 0 0 ${400 - inner} ${650 - outer * 0.35}V650Z`,
          tones[at]!,
          { texture: 'wood', bevel: 9 },
        )
      }) +
      (variant % 2
        ? form('M372 650V590Q372 570 400 570T428 590V650Z', '#d9b07c', { texture: 'wood', shade: 'tube', bevel: 5 }) +
          form(oval(400, 548, 30), '#ecc99b', { shade: 'ball', bevel: 4 })
        : form(oval(400, 626, 24), tones[2]!, { shade: 'ball', bevel: 3, texture: 'wood' }))
    )
  },
}

export const yogaMat: Shape = {
  pose: 'stand',
  detail: [300, 540],
  draw(paint) {
    const { base, accent } = paint
    const end = { x: 214, y: 540 }
    return (
      form('M214 430H640Q700 436 704 540T640 650H214Z', base, {
        texture: 'twill',
        motif: paint,
        shade: 'down',
        bevel: 12,
      }) +
      form(oval(end.x, end.y, 92, 110), lighter(base, 0.14), { bevel: 5 }) +
      line(
        `M${end.x} ${end.y}c8 -20 34 -14 34 10s-34 40 -58 22s-30 -66 6 -82s90 4 92 56s-52 86 -98 70s-66 -72 -46 -118`,
        darker(base, 0.45),
        4,
        0.75,
      ) +
      line(
        `M${end.x} ${end.y}c8 -20 34 -14 34 10s-34 40 -58 22s-30 -66 6 -82s90 4 92 56s-52 86 -98 70`,
        accent,
        2,
        0.7,
      ) +
      strap('M360 432C380 470 382 610 360 650', 30, accent) +
      strap('M566 432C586 470 588 610 566 650', 30, accent) +
      strap('M374 436C390 250 560 250 580 436', 17, darker(accent, 0.15)) +
      metal(box(364, 520, 36, 46, 8)) +
      metal(box(570, 520, 36, 46, 8))
    )
  },
}

export const dumbbells: Shape = {
  pose: 'stand',
  detail: [260, 540],
  draw(paint) {
    const { base, accent } = paint
    const head = (x: number, y: number, tone: string) =>
      form(
        `M${x} ${y - 60}Q${x} ${y - 74} ${x + 10} ${y - 84}L${x + 34} ${y - 108}Q${x + 44} ${y - 118} ${x + 58} ${y - 118}H${x + 92}Q${x + 106} ${y - 118} ${x + 116} ${y - 108}L${x + 140} ${y - 84}Q${x + 150} ${y - 74} ${x + 150} ${y - 60}V${y - 18}Q${x + 150} ${y} ${x + 132} ${y}H${x + 18}Q${x} ${y} ${x} ${y - 18}Z`,
        tone,
        { texture: 'leather', bevel: 14, shade: 'tube' },
      ) + form(oval(x + 75, y - 62, 30, 26), darker(tone, 0.18), { bevel: 5 })
    const one = (x: number, y: number, tone: string) =>
      form(box(x + 120, y - 80, 280, 40, 14), '#b9b4a8', { shade: 'down', bevel: 6, texture: 'brushed' }) +
      form(box(x + 164, y - 88, 192, 56, 24), darker(accent, 0.08), { shade: 'down', texture: 'rib', bevel: 9 }) +
      head(x, y, tone) +
      head(x + 370, y, darker(tone, 0.12))
    return one(190, 540, darker(base, 0.14)) + one(90, 650, base)
  },
}
