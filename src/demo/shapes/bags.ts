import { contrast, darker, lighter, mix } from '../colour.ts'
import { box, crease, form, line, metal, oval, repeat, stitch, strap, zip, type Paint, type Shape } from '../pen.ts'

export const tote: Shape = {
  pose: 'stand',
  detail: [400, 330],
  draw(paint) {
    const { base, accent, variant } = paint
    const handle = variant % 2 ? accent : darker(base, 0.08)
    const body = 'M208 306Q400 322 592 306L622 632Q620 652 596 652H204Q180 652 178 632Z'
    const back = strap('M312 316C306 92 494 92 488 316', 24, darker(handle, 0.3))
    const pocket =
      variant % 3 === 0
        ? form(box(296, 410, 208, 150, 16), mix(base, accent, 0.25), { texture: 'canvas', bevel: 4 }) +
          stitch(box(304, 418, 192, 134, 12), contrast(base, 0.5))
        : ''
    return (
      back +
      form(body, base, { texture: variant === 2 ? 'leather' : 'canvas', motif: paint, shade: 'side', bevel: 14 }) +
      crease('M262 330C250 430 246 540 224 640') +
      crease('M548 336C556 440 556 520 580 630', 0.8) +
      crease('M330 350C360 420 350 470 322 520', 0.5) +
      stitch('M214 334Q400 350 588 334', contrast(base, 0.5)) +
      pocket +
      strap('M300 420L304 330C300 124 500 124 496 330L500 420', 24, handle) +
      [302, 498].map((x) => stitch(box(x - 9, 372, 18, 46, 3), contrast(handle, 0.6))).join('')
    )
  },
}

export const backpack: Shape = {
  pose: 'stand',
  detail: [400, 490],
  draw(paint) {
    const { base, accent, variant } = paint
    const flap = variant % 2 === 1
    const sides =
      form('M232 470Q182 478 184 540V618Q186 642 232 640Z', darker(base, 0.16), { texture: 'twill' }) +
      form('M568 470Q618 478 616 540V618Q614 642 568 640Z', darker(base, 0.2), { texture: 'twill' })
    const body = 'M222 342C222 216 286 168 400 168S578 216 578 342V602Q578 652 528 652H272Q222 652 222 602Z'
    const front = 'M262 470Q400 444 538 470V594Q538 628 504 628H296Q262 628 262 594Z'
    return (
      strap('M250 300C180 340 176 420 196 500', 26, darker(base, 0.35)) +
      strap('M550 300C620 340 624 420 604 500', 26, darker(base, 0.4)) +
      strap('M354 178C352 112 448 112 446 178', 20, accent) +
      sides +
      form(body, base, { texture: 'twill', motif: paint, bevel: 20 }) +
      (flap
        ? form('M222 342C222 216 286 168 400 168S578 216 578 342V420Q400 462 222 420Z', mix(base, accent, 0.16), {
            texture: 'leather',
            bevel: 14,
          }) +
          strap('M322 408V500', 26, accent) +
          strap('M478 408V500', 26, accent) +
          metal(box(304, 466, 36, 26, 6)) +
          metal(box(460, 466, 36, 26, 6))
        : zip('M244 402C244 262 306 206 400 206S556 262 556 402', base, [551, 400])) +
      form(front, mix(base, accent, flap ? 0 : 0.3), { texture: 'twill', bevel: 12 }) +
      (flap ? '' : zip('M276 492Q400 468 524 492', base, [514, 490])) +
      stitch('M276 606Q400 622 524 606', contrast(base, 0.5)) +
      form(box(372, 536, 56, 38, 8), accent, { bevel: 3 }) +
      line('M384 548H416M384 560H408', contrast(accent, 0.5), 3)
    )
  },
}

export const crossbody: Shape = {
  pose: 'stand',
  detail: [400, 520],
  draw(paint) {
    const { base, accent, variant } = paint
    const round = variant % 2 === 0
    const body = round
      ? 'M176 452Q400 400 624 452C640 600 520 652 400 652S160 600 176 452Z'
      : 'M190 430Q400 410 610 430L618 600Q616 652 564 652H236Q184 652 182 600Z'
    const flap = round
      ? 'M176 452Q400 400 624 452C624 520 540 566 400 566S176 520 176 452Z'
      : 'M190 430Q400 410 610 430L606 540Q400 580 194 540Z'
    return (
      strap('M196 460C150 60 650 60 604 460', 17, darker(base, 0.25)) +
      form(body, base, { texture: 'leather', bevel: 16 }) +
      form(flap, mix(base, '#ffffff', 0.06), { texture: 'leather', motif: paint, bevel: 12 }) +
      stitch(
        round ? 'M190 466C196 514 300 550 400 550S604 514 610 466' : 'M204 444L208 528Q400 562 592 528L596 444',
        contrast(base, 0.55),
      ) +
      metal(oval(200, 462, 17)) +
      metal(oval(600, 462, 17)) +
      metal(box(372, 534, 56, 44, 12)) +
      form(box(384, 546, 32, 20, 6), accent, { bevel: 2 })
    )
  },
}

export const wallet: Shape = {
  pose: 'flat',
  detail: [560, 420],
  draw(paint) {
    const { base, accent, variant } = paint
    const cards = repeat(3, (at) =>
      form(
        box(214 + at * 8, 210 - at * 20, 330, 90, 14),
        [lighter(accent, 0.3), '#e9e2d3', mix(base, '#ffffff', 0.35)][at]!,
        {
          shade: 'down',
          bevel: 3,
        },
      ),
    )
    return (
      (variant % 2 ? cards : '') +
      form(box(150, 234, 500, 350, 34), darker(base, 0.22), { texture: 'leather', bevel: 8 }) +
      form(box(156, 226, 488, 346, 32), base, { texture: 'leather', motif: paint, bevel: 14 }) +
      stitch(box(174, 244, 452, 310, 22), contrast(base, 0.55)) +
      form('M644 346H532Q484 346 484 398T532 450H644Z', mix(base, accent, 0.35), { texture: 'leather', bevel: 8 }) +
      stitch('M640 360H536Q500 360 500 398T536 436H640', contrast(base, 0.55)) +
      metal(oval(536, 398, 17)) +
      crease('M170 400C240 392 330 410 430 398', 0.6)
    )
  },
}

export const belt: Shape = {
  pose: 'flat',
  detail: [400, 520],
  draw(paint: Paint) {
    const { base, accent, variant } = paint
    const inner = mix(base, '#c9a57a', 0.45)
    const braid = variant % 2 ? 'leather' : 'twill'
    return (
      strap('M172 372C172 236 628 236 628 372', 74, darker(inner, 0.2)) +
      strap('M196 392C196 286 604 286 604 392', 60, darker(base, 0.3)) +
      form('M132 360C130 610 670 610 668 360L668 452C662 694 138 694 132 452Z', base, {
        texture: braid,
        motif: paint,
        bevel: 12,
      }) +
      stitch('M140 384C150 610 650 610 660 384', contrast(base, 0.55)) +
      stitch('M142 446C160 666 640 666 658 446', contrast(base, 0.55)) +
      repeat(
        4,
        (at) =>
          `<ellipse cx="${516 + at * 34}" cy="${562 - at * at * 5 - at * 9}" rx="6" ry="8" fill="#000" fill-opacity=".55"/>`,
      ) +
      metal(
        'M318 512H470Q486 512 486 528V634Q486 650 470 650H318Q302 650 302 634V528Q302 512 318 512ZM332 540V622H456V540Z',
      ) +
      form(box(296, 572, 176, 18, 9), mix('#b9b4a8', accent, 0.2), { shade: 'down', bevel: 3, edge: 0.5 })
    )
  },
}
