import type { Shape } from '../pen.ts'
import { scarf, gloves, sunglasses, watch, umbrella, faceMask, necklace, bracelet } from './accessories.ts'
import { tote, backpack, crossbody, wallet, belt } from './bags.ts'
import { trousers, shorts, skirt } from './bottoms.ts'
import { cap, beanie, bucketHat } from './headwear.ts'
import { vase, storageBox, blanket, cushion, candle, lamp, chair, planter, rug, clock } from './home.ts'
import { mug, bottle, bowls, teapot, lunchBox } from './kitchen.ts'
import { plush, notebook, rainbowToy, yogaMat, dumbbells } from './leisure.ts'
import { sneaker, slides, socks } from './shoes.ts'
import { headphones, earbuds, keyboard, mouse, phoneCase, powerBank, speaker, fan } from './tech.ts'
import { tee, hoodie, sweater, shirt, jacket } from './tops.ts'

/** Every shape that a demo product can have. */
export const SHAPES = {
  scarf,
  gloves,
  sunglasses,
  watch,
  umbrella,
  faceMask,
  necklace,
  bracelet,
  tote,
  backpack,
  crossbody,
  wallet,
  belt,
  trousers,
  shorts,
  skirt,
  cap,
  beanie,
  bucketHat,
  vase,
  storageBox,
  blanket,
  cushion,
  candle,
  lamp,
  chair,
  planter,
  rug,
  clock,
  mug,
  bottle,
  bowls,
  teapot,
  lunchBox,
  plush,
  notebook,
  rainbowToy,
  yogaMat,
  dumbbells,
  sneaker,
  slides,
  socks,
  headphones,
  earbuds,
  keyboard,
  mouse,
  phoneCase,
  powerBank,
  speaker,
  fan,
  tee,
  hoodie,
  sweater,
  shirt,
  jacket,
} satisfies Record<string, Shape>

export type ShapeName = keyof typeof SHAPES
