import { contrast, darker, mix } from '../colour.ts'
import { box, crease, form, line, metal, mirrored, oval, repeat, stitch, zip, type Shape } from '../pen.ts'

export const trousers: Shape = {
  pose: 'flat',
  detail: [400, 210],
  draw(paint) {
    const { base, accent, variant } = paint
    const wide = variant % 2 === 0
    const leg = wide
      ? 'M400 130H276Q270 130 269 138L196 656Q196 670 212 672L362 684Q376 684 378 670L400 330Z'
      : 'M400 130H276Q270 130 269 138L240 400L256 664Q257 676 270 676H350Q362 676 364 664L400 330Z'
    return (
      form(leg, base, { texture: 'twill', motif: paint, bevel: 13 }) +
      mirrored(form(leg, darker(base, 0.05), { texture: 'twill', motif: paint, bevel: 13 })) +
      crease('M330 250C320 400 300 540 290 660', 0.8) +
      crease('M470 250C480 400 500 540 510 660', 0.8) +
      crease('M400 330C372 344 340 344 312 332M400 330C430 346 462 344 488 332', 0.8) +
      form(box(268, 122, 264, 46, 6), darker(base, 0.06), { texture: wide ? 'rib' : 'twill', bevel: 5 }) +
      (wide
        ? line('M386 166C380 210 372 220 376 262', accent, 6) + line('M414 166C420 206 430 220 424 250', accent, 6)
        : repeat(3, (at) => form(box(300 + at * 92, 116, 15, 60, 4), base, { bevel: 2 })) +
          metal(oval(400, 145, 9)) +
          stitch('M400 170V320M412 170V300Q412 312 400 318', contrast(base, 0.5))) +
      stitch('M272 232Q316 228 326 172M528 232Q484 228 474 172', contrast(base, 0.5)) +
      stitch(wide ? 'M202 650L376 664M598 650L424 664' : 'M258 656H362M542 656H438', contrast(base, 0.5)) +
      (variant === 3
        ? form(box(232, 430, 84, 96, 10), mix(base, accent, 0.2), { texture: 'twill', bevel: 5 }) +
          form(box(484, 430, 84, 96, 10), mix(base, accent, 0.2), { texture: 'twill', bevel: 5 })
        : '')
    )
  },
}

export const shorts: Shape = {
  pose: 'flat',
  detail: [400, 270],
  draw(paint) {
    const { base, accent } = paint
    const leg = 'M400 210H250L176 560Q174 574 188 576L366 596Q378 596 380 584L400 400Z'
    return (
      form(leg, base, { texture: 'canvas', motif: paint, bevel: 14 }) +
      mirrored(form(leg, darker(base, 0.05), { texture: 'canvas', motif: paint, bevel: 14 })) +
      crease('M300 330C290 420 270 500 256 570', 0.8) +
      crease('M500 330C510 420 530 500 544 570', 0.8) +
      form(box(244, 196, 312, 52, 8), base, { texture: 'rib', bevel: 6 }) +
      line('M384 240C376 300 366 320 372 372', accent, 8) +
      line('M416 240C424 290 436 310 428 352', accent, 8) +
      stitch('M246 330Q300 324 318 252M554 330Q500 324 482 252', contrast(base, 0.5)) +
      stitch('M182 552L380 574M618 552L420 574', contrast(base, 0.5))
    )
  },
}

export const skirt: Shape = {
  pose: 'flat',
  detail: [400, 330],
  draw(paint) {
    const { base, accent } = paint
    const pleats = repeat(11, (at) => {
      const [top, low] = [288 + at * 22.4, 150 + at * 50]
      return (
        `<path d="M${top} 226L${low} 622L${low + 26} 628L${top + 11} 226Z" fill="#000" fill-opacity=".13"/>` +
        line(`M${top} 226L${low} 622`, '#fff', 3, 0.18)
      )
    })
    return (
      form('M282 214H518L668 616Q540 648 400 648T132 616Z', base, {
        texture: 'twill',
        motif: paint,
        bevel: 12,
        shade: 'side',
      }) +
      pleats +
      line('M136 606Q270 634 400 634T664 606', mix(base, accent, 0.7), 9, 0.9) +
      form(box(276, 178, 248, 52, 8), darker(base, 0.1), { texture: 'twill', bevel: 6 }) +
      metal(oval(490, 204, 9)) +
      zip('M512 232L552 340', base, [550, 338])
    )
  },
}
