import type { Motif } from '../pen.ts'
import type { ShapeName } from '../shapes/shapes.ts'
import type { ColourName, SizeName } from './palette.ts'

/**
 * One product: marketplace letter (t taobao, m tmall, w weidian, a 1688, g goofish), Chinese title, English title, yuan
 * of the smallest size, colours apart by spaces, motif, second colour, form of the shape.
 */
export type Row = [
  market: 't' | 'm' | 'w' | 'a' | 'g',
  titleZh: string,
  titleEn: string,
  yuan: number,
  colours: string,
  motif: Motif,
  accent: ColourName,
  variant: number,
]

/** What products of one kind share. `number` fixes their ids, so that a new kind moves no other. */
export type Kind = {
  number: number
  shape: ShapeName
  group: 'wear' | 'shoes' | 'carry' | 'kitchen' | 'home' | 'tech' | 'leisure'
  categoryId: string
  unit: string
  sizes: SizeName | null
  weightGrams: number
  boxCm: [number, number, number]
  materials: string[]
  season: '四季' | '春秋' | '夏季' | '冬季'
  rows: Row[]
}
