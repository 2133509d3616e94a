import { contrast, darker, lighter, mix } from '../colour.ts'
import {
  box,
  crease,
  form,
  line,
  metal,
  mirrored,
  move,
  oval,
  repeat,
  stitch,
  zip,
  type Paint,
  type Shape,
} from '../pen.ts'

const SHORT =
  'M306 176L236 204L104 318L176 412L246 352L238 654Q400 676 562 654L554 352L624 412L696 318L564 204L494 176Q400 246 306 176Z'
const BODY = 'M306 176L244 200L236 654Q400 676 564 654L556 200L494 176Q400 246 306 176Z'
const SLEEVE = 'M250 198C190 220 166 280 150 360L96 618Q94 634 110 640L158 650Q172 652 178 638L252 400Z'

const body = (paint: Paint, texture: 'canvas' | 'knit' | 'fleece' | 'twill' | 'quilt') =>
  form(SLEEVE, darker(paint.base, 0.05), { texture, motif: paint, bevel: 14 }) +
  mirrored(form(SLEEVE, darker(paint.base, 0.05), { texture, motif: paint, bevel: 14 })) +
  form(BODY, paint.base, { texture, motif: paint, bevel: 12 }) +
  crease('M196 300C210 360 190 440 168 520', 0.9) +
  crease('M604 300C596 370 612 450 630 520', 0.9) +
  crease('M276 330C330 380 318 470 300 560', 0.7) +
  crease('M528 340C480 390 494 470 508 580', 0.6)

/** An abstract print for the chest: suns, hills, waves, leaves. */
function print({ base, accent, variant }: Paint): string {
  const tone = contrast(base, 0.75)
  const soft = mix(accent, base, 0.3)
  const ring = `<g clip-path="url(#print)">`
  const clip = '<clipPath id="print"><circle cx="400" cy="392" r="86"/></clipPath>'
  const prints = [
    `${clip}${ring}<rect x="300" y="290" width="200" height="210" fill="${soft}"/><circle cx="424" cy="362" r="30" fill="${tone}" fill-opacity=".85"/><path d="M300 440L362 372L404 416L446 384L500 440V500H300Z" fill="${accent}"/><path d="M300 462Q350 440 400 462T500 462V500H300Z" fill="${tone}" fill-opacity=".55"/></g>`,
    repeat(5, (at) => line(`M320 ${348 + at * 22}q20 -18 40 0t40 0t40 0t40 0`, at % 2 ? accent : tone, 7, 0.9)),
    `<path d="M400 476V312" stroke="${tone}" stroke-width="5" fill="none"/><g fill="${accent}">${repeat(4, (at) => `<path d="M400 ${452 - at * 36}Q${346 + at * 6} ${440 - at * 36} ${338 + at * 10} ${400 - at * 36}Q388 ${404 - at * 36} 400 ${452 - at * 36}Z"/><path d="M400 ${452 - at * 36}Q${454 - at * 6} ${440 - at * 36} ${462 - at * 10} ${400 - at * 36}Q412 ${404 - at * 36} 400 ${452 - at * 36}Z"/>`)}</g>`,
    '',
  ]
  return prints[variant % prints.length]!
}

export const tee: Shape = {
  pose: 'flat',
  detail: [400, 300],
  draw: (paint) =>
    form('M312 180Q400 150 488 180Q400 232 312 180Z', darker(paint.base, 0.4), { bevel: 0 }) +
    form(SHORT, paint.base, { texture: 'canvas', motif: paint, bevel: 12 }) +
    crease('M246 352C256 320 254 280 246 240', 0.9) +
    crease('M554 352C546 320 548 280 556 240', 0.9) +
    crease('M290 480C330 520 330 580 306 640', 0.8) +
    crease('M520 440C490 500 500 580 520 630', 0.7) +
    line(
      'M306 176Q400 246 494 176',
      mix(paint.base, paint.variant % 2 ? paint.accent : '#000000', paint.variant % 2 ? 0.9 : 0.14),
      17,
    ) +
    line('M306 176Q400 246 494 176', '#fff', 3, 0.25) +
    stitch('M114 330L184 402M686 330L616 402M242 636Q400 658 558 636', contrast(paint.base, 0.5), 0.6) +
    (paint.motif === 'plain' ? print(paint) : ''),
}

export const hoodie: Shape = {
  pose: 'flat',
  detail: [400, 290],
  draw(paint) {
    const { base, accent, variant } = paint
    const zipped = variant % 2 === 1
    return (
      body(paint, 'fleece') +
      form('M286 212C276 120 350 92 400 92S524 120 514 212C470 262 330 262 286 212Z', darker(base, 0.1), {
        texture: 'fleece',
        bevel: 12,
      }) +
      form('M322 206C318 146 360 126 400 126S482 146 478 206C450 240 350 240 322 206Z', darker(base, 0.5), {
        bevel: 6,
      }) +
      form(
        'M290 204C330 262 370 276 400 280C430 276 470 262 510 204C520 240 500 290 400 300C300 290 280 240 290 204Z',
        base,
        { texture: 'fleece', bevel: 8 },
      ) +
      line('M366 268C362 320 372 350 364 396', lighter(accent, 0.2), 7) +
      line('M434 268C440 316 428 356 438 384', lighter(accent, 0.2), 7) +
      metal(box(358, 392, 12, 24, 4)) +
      metal(box(432, 380, 12, 24, 4)) +
      (zipped
        ? zip('M400 296V650', base, [400, 330])
        : variant % 4 === 0
          ? move(80, 62, print({ ...paint, variant: variant / 4 }), 'scale(.8)')
          : '') +
      form('M300 500H500L532 590Q536 606 518 606H282Q264 606 268 590Z', darker(base, 0.04), {
        texture: 'fleece',
        bevel: 9,
      }) +
      (zipped ? zip('M400 500V606', base) : '') +
      stitch('M312 508L280 592M488 508L520 592', contrast(base, 0.5)) +
      form('M238 622Q400 644 562 622L564 662Q400 688 236 662Z', darker(base, 0.1), { texture: 'rib', bevel: 6 }) +
      form('M104 596L176 612L168 650Q164 660 154 658L104 648Q94 644 96 634Z', darker(base, 0.1), {
        texture: 'rib',
        bevel: 6,
      }) +
      mirrored(
        form('M104 596L176 612L168 650Q164 660 154 658L104 648Q94 644 96 634Z', darker(base, 0.1), {
          texture: 'rib',
          bevel: 6,
        }),
      )
    )
  },
}

export const sweater: Shape = {
  pose: 'flat',
  detail: [400, 300],
  draw(paint) {
    const { base, accent, variant } = paint
    const cables =
      variant % 2 && paint.motif === 'plain'
        ? [320, 400, 480]
            .map((x) =>
              repeat(
                8,
                (at) =>
                  line(
                    `M${x - 15} ${300 + at * 42}q30 20 0 40M${x + 15} ${300 + at * 42}q-30 20 0 40`,
                    darker(base, 0.3),
                    7,
                    0.5,
                  ) + line(`M${x - 17} ${298 + at * 42}q30 20 0 40`, '#fff', 3, 0.25),
              ),
            )
            .join('')
        : ''
    return (
      form('M308 178Q400 140 492 178Q400 236 308 178Z', darker(base, 0.4), { texture: 'rib', bevel: 0 }) +
      body(paint, 'knit') +
      cables +
      line('M300 176Q400 256 500 176', mix(base, accent, 0.4), 30) +
      line('M300 176Q400 256 500 176', '#000', 30, 0.05) +
      line('M304 166Q400 240 496 166', '#fff', 4, 0.2) +
      form('M238 610Q400 632 562 610L564 662Q400 688 236 662Z', mix(base, accent, 0.4), { texture: 'rib', bevel: 7 }) +
      form('M108 578L182 598L168 650Q164 660 154 658L104 648Q94 644 96 634Z', mix(base, accent, 0.4), {
        texture: 'rib',
        bevel: 7,
      }) +
      mirrored(
        form('M108 578L182 598L168 650Q164 660 154 658L104 648Q94 644 96 634Z', mix(base, accent, 0.4), {
          texture: 'rib',
          bevel: 7,
        }),
      )
    )
  },
}

export const shirt: Shape = {
  pose: 'flat',
  detail: [400, 250],
  draw(paint) {
    const { base } = paint
    const pale = lighter(base, 0.12)
    return (
      form('M318 172Q400 140 482 172Q400 220 318 172Z', darker(base, 0.35), { bevel: 0 }) +
      body(paint, 'canvas') +
      form(box(380, 216, 40, 448, 4), pale, { motif: paint, texture: 'canvas', bevel: 3 }) +
      repeat(
        6,
        (at) =>
          form(oval(400, 262 + at * 66, 8.5), '#efe8da', { shade: 'ball', bevel: 0, edge: 0.7 }) +
          `<circle cx="398" cy="${262 + at * 66}" r="1.5"/><circle cx="402" cy="${262 + at * 66}" r="1.5"/>`,
      ) +
      form('M306 168L400 232L348 290L284 206Z', pale, { motif: paint, texture: 'canvas', bevel: 5 }) +
      form('M494 168L400 232L452 290L516 206Z', pale, { motif: paint, texture: 'canvas', bevel: 5 }) +
      form('M452 352H534V436L493 456L452 436Z', base, { motif: paint, texture: 'canvas', bevel: 4 }) +
      stitch('M458 358V432L493 450L528 432V358', contrast(base, 0.5)) +
      form('M106 590L180 606L170 648Q166 660 154 658L104 648Q94 644 96 634Z', pale, { texture: 'canvas', bevel: 5 }) +
      mirrored(
        form('M106 590L180 606L170 648Q166 660 154 658L104 648Q94 644 96 634Z', pale, { texture: 'canvas', bevel: 5 }),
      )
    )
  },
}

export const jacket: Shape = {
  pose: 'flat',
  detail: [400, 300],
  draw(paint) {
    const { base, accent, variant } = paint
    const puffer = variant % 2 === 0
    const quilts = repeat(7, (at) =>
      crease(
        `M240 ${258 + at * 58}Q320 ${270 + at * 58} 396 ${258 + at * 58}M404 ${258 + at * 58}Q480 ${270 + at * 58} 560 ${258 + at * 58}`,
        2.2,
      ),
    )
    const arms = repeat(5, (at) =>
      crease(
        `M${176 - at * 15} ${300 + at * 64}Q${206 - at * 12} ${322 + at * 64} ${236 - at * 12} ${314 + at * 62}`,
        2,
      ),
    )
    return (
      body(paint, puffer ? 'canvas' : 'twill') +
      (puffer ? quilts + arms + mirrored(arms) : '') +
      form(
        'M304 190Q296 130 340 112Q400 96 460 112Q504 130 496 190Q450 250 400 252Q350 250 304 190Z',
        mix(base, accent, puffer ? 0.1 : 0.5),
        { texture: puffer ? 'canvas' : 'rib', bevel: 14 },
      ) +
      form('M336 176Q340 140 400 138Q460 140 464 176Q430 212 400 214Q370 212 336 176Z', darker(accent, 0.45), {
        bevel: 5,
      }) +
      zip('M400 228V662', base, [400, 260]) +
      form('M272 486L346 470L350 494L276 512Z', darker(base, 0.2), { bevel: 3 }) +
      form('M528 486L454 470L450 494L524 512Z', darker(base, 0.2), { bevel: 3 }) +
      (puffer
        ? form(box(468, 330, 52, 34, 8), accent, { bevel: 3 })
        : stitch('M262 300H386M414 300H538', contrast(base, 0.5)) +
          form('M276 324H372V400L324 420L276 400Z', base, { texture: 'twill', bevel: 5 }) +
          form('M428 324H524V400L476 420L428 400Z', base, { texture: 'twill', bevel: 5 })) +
      form('M238 626Q400 648 562 626L564 662Q400 688 236 662Z', mix(base, accent, puffer ? 0 : 0.5), {
        texture: 'rib',
        bevel: 6,
      }) +
      zip('M400 620V670', base)
    )
  },
}
