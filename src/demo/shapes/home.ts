import { contrast, darker, lighter, mix } from '../colour.ts'
import { box, crease, form, gleam, line, metal, oval, repeat, stitch, strap, type Shape } from '../pen.ts'

export const vase: Shape = {
  pose: 'stand',
  detail: [400, 500],
  draw(paint) {
    const { base, accent, variant } = paint
    const profiles = [
      'M352 318C356 370 240 400 240 520C240 610 320 650 400 650S560 610 560 520C560 400 444 370 448 318Z',
      'M338 300C350 360 286 420 292 500C298 580 330 640 344 650H456C470 640 502 580 508 500C514 420 450 360 462 300Z',
      'M370 320C374 420 300 440 290 540Q284 640 340 650H460Q516 640 510 540C500 440 426 420 430 320Z',
    ]
    const stems = [-60, -26, 8, 38, 70].map((bend, at) => {
      const [x, y] = [400 + bend * 2.1, 96 + Math.abs(bend) * 0.9]
      const plume =
        variant % 2
          ? repeat(7, (drop) =>
              form(
                oval(x - bend * 0.16 * drop + (drop % 2 ? 11 : -11), y + drop * 17, 13, 9),
                mix(accent, '#ffffff', 0.12 * (at % 3)),
                { shade: 'ball', bevel: 0, edge: 0.15 },
              ),
            )
          : `<path d="M${x} ${y}q${22 - bend * 0.12} 34 ${8 - bend * 0.4} 96q-34 -30 -${8 - bend * 0.1} -96Z" fill="${mix('#d9c39a', accent, 0.12 * at)}"/>` +
            line(`M${x} ${y}q4 40 ${-bend * 0.3} 90`, '#fff', 5, 0.25)
      return line(`M400 330Q${400 + bend * 0.7} 240 ${x} ${y}`, '#7d7a4f', 4) + plume
    })
    return (
      stems.join('') +
      form(profiles[variant % 3]!, base, { motif: paint, shade: 'tube', bevel: 12 }) +
      form(
        oval(400, variant % 3 === 1 ? 300 : 319, variant % 3 === 1 ? 62 : variant % 3 === 2 ? 30 : 48, 11),
        darker(base, 0.5),
        { bevel: 2 },
      ) +
      (paint.motif === 'plain' && variant % 3 === 0
        ? line('M262 560Q400 600 538 560', mix(base, accent, 0.8), 10, 0.55)
        : '')
    )
  },
}

export const storageBox: Shape = {
  pose: 'stand',
  detail: [330, 500],
  draw(paint) {
    const { base, accent, variant } = paint
    const wood = variant % 2
    return (
      form('M130 372L520 372V650H150Q136 650 135 636Z', base, {
        texture: wood ? 'wood' : 'canvas',
        motif: paint,
        bevel: 10,
        shade: 'side',
      }) +
      form('M520 372L676 300L668 556L520 650Z', darker(base, 0.28), {
        texture: wood ? 'wood' : 'canvas',
        motif: paint,
        bevel: 8,
      }) +
      form('M120 330L526 330L690 262L286 262Z', lighter(mix(base, accent, 0.25), 0.12), {
        texture: 'canvas',
        bevel: 8,
      }) +
      form('M118 328H528V386H124Z', mix(base, accent, 0.25), { texture: 'canvas', bevel: 7, shade: 'down' }) +
      form('M528 328L692 260L686 316L528 386Z', darker(mix(base, accent, 0.25), 0.28), {
        texture: 'canvas',
        bevel: 5,
      }) +
      strap('M270 462C272 520 384 520 386 462', 20, accent) +
      metal(oval(270, 456, 13)) +
      metal(oval(386, 456, 13)) +
      form(box(286, 560, 90, 44, 6), '#efe7d6', { bevel: 3 }) +
      line('M302 576H358M302 588H340', '#8d8576', 3.4)
    )
  },
}

export const blanket: Shape = {
  pose: 'stand',
  detail: [400, 440],
  draw(paint) {
    const { base, accent } = paint
    const fold = (y: number, tone: string, left: number, right: number) =>
      form(
        `M${left} ${y}H${right}Q${right + 54} ${y + 4} ${right + 54} ${y + 42}T${right} ${y + 84}H${left}Q${left - 22} ${y + 42} ${left} ${y}Z`,
        tone,
        { texture: 'fleece', motif: paint, bevel: 15, shade: 'down' },
      )
    const fringe = repeat(24, (at) =>
      line(
        `M${186 + at * 18} 640q${at % 2 ? 5 : -4} 10 ${at % 3 ? -2 : 4} 20`,
        at % 4 ? lighter(base, 0.1) : accent,
        7,
      ),
    )
    return (
      fold(562, darker(base, 0.16), 160, 612) +
      fold(484, darker(base, 0.08), 172, 600) +
      fold(404, base, 164, 616) +
      fold(326, lighter(base, 0.05), 176, 598) +
      form(
        'M214 292Q400 268 588 292Q640 300 640 334L622 420Q400 440 190 420L176 336Q172 302 214 292Z',
        lighter(base, 0.1),
        { texture: 'fleece', motif: paint, bevel: 16 },
      ) +
      form('M196 402Q400 424 616 402L622 620Q400 648 186 622Z', mix(base, '#ffffff', 0.16), {
        texture: 'fleece',
        motif: paint,
        bevel: 14,
      }) +
      crease('M280 430Q290 520 276 620', 0.8) +
      crease('M520 430Q510 530 526 614', 0.8) +
      fringe +
      form(box(360, 552, 80, 40, 5), accent, { texture: 'leather', bevel: 3 })
    )
  },
}

export const cushion: Shape = {
  pose: 'flat',
  detail: [430, 400],
  draw(paint) {
    const { base, accent, variant } = paint
    const tassel = (x: number, y: number, turn: number) =>
      `<g transform="translate(${x} ${y}) rotate(${turn})">${repeat(7, (at) => line(`M0 0Q${(at - 3) * 7} 22 ${(at - 3) * 9} 52`, at % 2 ? accent : darker(accent, 0.15), 5))}${form(oval(0, 4, 13), accent, { shade: 'ball', bevel: 2 })}</g>`
    return (
      (variant % 2
        ? tassel(140, 140, 135) + tassel(660, 140, -135) + tassel(140, 660, 45) + tassel(660, 660, -45)
        : '') +
      form(
        'M142 138C230 172 320 178 400 178S570 172 658 138C628 230 622 320 622 400S628 570 658 662C570 628 480 622 400 622S230 628 142 662C172 570 178 480 178 400S172 230 142 138Z',
        base,
        { texture: 'canvas', motif: paint, bevel: 34, shade: 'ball' },
      ) +
      crease('M170 170C230 220 250 240 270 290', 1) +
      crease('M630 170C570 220 552 244 534 286', 1) +
      crease('M168 632C226 580 250 560 268 510', 1) +
      crease('M632 632C576 580 552 560 534 516', 1) +
      line(
        'M142 138C230 172 320 178 400 178S570 172 658 138C628 230 622 320 622 400S628 570 658 662C570 628 480 622 400 622S230 628 142 662C172 570 178 480 178 400S172 230 142 138Z',
        mix(base, accent, 0.6),
        6,
      )
    )
  },
}

export const candle: Shape = {
  pose: 'stand',
  detail: [400, 470],
  draw(paint) {
    const { base, accent, variant } = paint
    return (
      `<circle cx="400" cy="300" r="150" fill="url(#s-glow)"/>` +
      form('M262 372H538V600Q538 650 488 650H312Q262 650 262 600Z', variant % 2 ? mix(base, '#ffffff', 0.1) : base, {
        motif: paint,
        shade: 'tube',
        bevel: 8,
      }) +
      form(oval(400, 374, 138, 28), lighter(base, 0.35), { bevel: 3 }) +
      form(oval(400, 379, 124, 21), '#f3e6c8', { shade: 'up', bevel: 2 }) +
      line('M400 380V338', '#3b2c20', 5) +
      `<path d="M400 262Q432 312 420 336Q412 352 400 352Q388 352 380 336Q368 312 400 262Z" fill="#f6a63a"/><path d="M400 296Q416 324 410 338Q406 346 400 346Q394 346 390 338Q384 324 400 296Z" fill="#fff1c4"/>` +
      form(box(318, 448, 164, 122, 8), '#f3ecdd', { bevel: 3, texture: 'canvas' }) +
      `<g fill="${mix(accent, '#4a5a40', 0.4)}"><path d="M400 474Q372 486 366 516Q394 512 400 474Z"/><path d="M402 482Q430 492 434 522Q408 518 402 482Z"/></g>` +
      line('M400 478V536M346 552H454', mix(accent, '#40382c', 0.6), 3.4) +
      gleam('M284 410Q292 400 302 410V590Q292 606 284 592Z', 0.34)
    )
  },
}

export const lamp: Shape = {
  pose: 'stand',
  detail: [470, 300],
  draw(paint) {
    const { base, accent, variant } = paint
    if (variant % 2) {
      return (
        `<circle cx="400" cy="330" r="290" fill="url(#s-glow)"/>` +
        line('M400 420V620', '#b08a52', 17) +
        line('M396 420V620', '#fff', 4, 0.4) +
        form('M282 632Q282 606 330 602H470Q518 606 518 632V650H282Z', accent, { shade: 'tube', bevel: 6 }) +
        form('M300 160Q400 142 500 160L592 436Q400 474 208 436Z', lighter(base, 0.25), {
          texture: 'canvas',
          motif: paint,
          shade: 'tube',
          bevel: 12,
        }) +
        repeat(9, (at) => line(`M${312 + at * 22} 162L${228 + at * 43} 442`, '#000', 2, 0.07)) +
        `<path d="M208 436Q400 474 592 436L560 330Q400 360 240 330Z" fill="#fff2cf" fill-opacity=".4"/>` +
        line('M520 456V540', '#b08a52', 3) +
        form(oval(520, 548, 8), '#d8b981', { shade: 'ball', bevel: 1 })
      )
    }
    return (
      `<ellipse cx="560" cy="470" rx="230" ry="190" fill="url(#s-glow)"/>` +
      form('M190 632Q190 596 300 592Q410 596 410 632V650H190Z', base, { shade: 'tube', bevel: 8 }) +
      line('M300 600L236 400', darker(base, 0.35), 20) +
      line('M298 598L234 400', lighter(base, 0.1), 13) +
      line('M236 400L430 226', darker(base, 0.35), 20) +
      line('M234 398L428 224', lighter(base, 0.1), 13) +
      form(oval(236, 400, 24), accent, { shade: 'ball', bevel: 4 }) +
      form('M402 204L470 150Q500 140 520 164L668 330Q640 400 500 430Q440 330 402 204Z', base, {
        motif: paint,
        shade: 'gloss',
        bevel: 16,
      }) +
      form('M668 330Q646 404 500 430Q494 400 560 360Q640 310 668 330Z', '#fff3cf', { shade: 'none', bevel: 3 }) +
      form(oval(428, 226, 19), accent, { shade: 'ball', bevel: 3 }) +
      strap('M190 640C120 640 120 660 60 648', 7, darker(base, 0.4))
    )
  },
}

export const chair: Shape = {
  pose: 'stand',
  detail: [400, 400],
  draw(paint) {
    const { base, accent, variant } = paint
    const wood = variant % 2 ? '#b98552' : '#8a5f3c'
    const leg = (path: string, tone: string) =>
      line(path, darker(tone, 0.45), 24) +
      line(path, tone, 19) +
      `<g transform="translate(-4 -1)">${line(path, '#fff', 5, 0.25)}</g>`
    return (
      leg('M286 480L262 620', darker(wood, 0.25)) +
      leg('M534 480L560 620', darker(wood, 0.3)) +
      form('M248 150Q256 116 300 112H510Q552 116 560 150L582 416Q400 450 226 416Z', base, {
        texture: 'canvas',
        motif: paint,
        bevel: 26,
        shade: 'soft',
      }) +
      crease('M320 140Q312 280 306 410', 0.6) +
      crease('M490 140Q498 280 504 410', 0.6) +
      leg('M212 470L188 646', wood) +
      leg('M598 470L626 646', wood) +
      leg('M178 350V462M178 350Q190 338 236 340', wood) +
      leg('M632 350V462M632 350Q620 338 574 340', wood) +
      form(
        'M200 400Q210 384 240 384H570Q600 384 610 400L640 470Q644 500 606 506H204Q166 500 170 470Z',
        lighter(base, 0.06),
        { texture: 'canvas', motif: paint, bevel: 24, shade: 'down' },
      ) +
      stitch('M186 478Q400 500 626 478', contrast(base, 0.4), 0.6) +
      form('M176 500H634V524H176Z', wood, { texture: 'wood', bevel: 4 }) +
      (variant === 2
        ? form('M320 270Q400 250 480 270Q496 340 480 404Q400 420 320 404Q304 340 320 270Z', accent, {
            texture: 'knit',
            bevel: 20,
            shade: 'ball',
          })
        : '')
    )
  },
}

export const planter: Shape = {
  pose: 'stand',
  detail: [400, 540],
  draw(paint) {
    const { base, accent, variant } = paint
    const greens = ['#4f7a4a', '#3f6b4c', '#6b9157', '#5a8a6a', '#7fa266']
    const leaves = Array.from({ length: 11 }, (_, at) => {
      const turn = -78 + at * 15.6
      const tone = greens[(at * 3 + variant) % 5]!
      const long = 210 + ((at * 37) % 90)
      const leaf =
        variant % 2
          ? `M0 0C-40 -60 -58 -${long - 70} 0 -${long}C58 -${long - 70} 40 -60 0 0Z`
          : `M0 0C-22 -80 -26 -${long - 60} 0 -${long + 30}C26 -${long - 60} 22 -80 0 0Z`
      return `<g transform="translate(400 430) rotate(${turn})"><path d="${leaf}" fill="${tone}"/><path d="${leaf}" fill="url(#s-side)"/><path d="M0 0V-${long - 10}" stroke="${lighter(tone, 0.4)}" stroke-width="3" stroke-opacity=".7"/></g>`
    })
    return (
      leaves.filter((_, at) => at % 2 === 0).join('') +
      leaves.filter((_, at) => at % 2 === 1).join('') +
      form('M250 440H550L520 628Q516 650 490 650H310Q284 650 280 628Z', base, {
        motif: paint,
        shade: 'tube',
        bevel: 8,
      }) +
      form(box(234, 404, 332, 56, 10), mix(base, accent, 0.3), { shade: 'tube', bevel: 7 })
    )
  },
}

export const rug: Shape = {
  pose: 'flat',
  detail: [400, 300],
  draw(paint) {
    const { base, accent } = paint
    const fringe = (y: number, down: number) =>
      repeat(34, (at) =>
        line(
          `M${172 + at * 13.8} ${y}q${at % 2 ? 3 : -3} ${down / 2} ${at % 3 ? 1 : -2} ${down}`,
          at % 5 ? lighter(base, 0.3) : accent,
          4.5,
        ),
      )
    const diamond = (y: number, wide: number, tone: string) =>
      form(`M400 ${y - wide * 0.8}L${400 + wide} ${y}L400 ${y + wide * 0.8}L${400 - wide} ${y}Z`, tone, {
        texture: 'knit',
        bevel: 0,
        shade: 'none',
        edge: 0.2,
      })
    return (
      fringe(96, -34) +
      fringe(704, 34) +
      form(box(162, 90, 476, 620, 6), base, { texture: 'knit', motif: paint, bevel: 7, shade: 'soft' }) +
      line(box(186, 116, 428, 568, 2), accent, 13, 0.9) +
      line(box(206, 136, 388, 528, 2), contrast(base, 0.4), 4, 0.7) +
      (paint.motif === 'plain'
        ? [230, 400, 570]
            .map(
              (y, at) =>
                diamond(y, 150, at % 2 ? accent : contrast(base, 0.35)) +
                diamond(y, 104, lighter(base, 0.25)) +
                diamond(y, 58, at % 2 ? contrast(base, 0.35) : accent),
            )
            .join('')
        : '')
    )
  },
}

export const clock: Shape = {
  pose: 'flat',
  detail: [400, 400],
  draw(paint) {
    const { base, accent, variant } = paint
    const wood = variant % 2
    const face = wood ? lighter(base, 0.55) : base
    const mark = contrast(face, 0.8)
    return (
      form(oval(400, 400, 272), wood ? '#b98a5a' : darker(accent, 0.1), {
        texture: wood ? 'wood' : 'brushed',
        shade: 'gloss',
        bevel: 14,
      }) +
      form(oval(400, 400, 240), darker(face, 0.35), { shade: 'up', bevel: 0 }) +
      form(oval(400, 402, 234), face, { motif: paint, shade: 'ball', bevel: 6 }) +
      repeat(
        12,
        (at) =>
          `<path transform="rotate(${at * 30} 400 400)" d="M400 190V${at % 3 ? 214 : 232}" stroke="${mark}" stroke-width="${at % 3 ? 6 : 12}" stroke-linecap="round"/>`,
      ) +
      line('M400 418L330 296', '#000', 14, 0.15) +
      line('M400 412L326 290', mark, 13) +
      line('M396 416L500 254', mark, 9) +
      line('M388 444L436 216', accent, 4) +
      form(oval(400, 400, 14), accent, { shade: 'ball', bevel: 2 }) +
      gleam('M226 320Q280 210 400 196Q310 260 268 420Q210 400 226 320Z', 0.12)
    )
  },
}
