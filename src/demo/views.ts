import { hash32 } from './seeded.ts'

/** One picture of a product: how it is staged and in which of its colours. */
export type View = { scene: 'hero' | 'card' | 'detail' | 'group' | 'mirror' | 'still'; colour: number }

/** At most this many photos of quality control are drawn for one product. */
export const QC_PHOTOS_MAX = 14

/** The pictures of a product with this many colours (1 to 4), first the main one; with several, one for each colour follows it. */
export function viewsOf(colours: number): View[] {
  const views: View[] = [{ scene: 'hero', colour: 0 }]
  if (colours > 1) for (let colour = 0; colour < colours; colour++) views.push({ scene: 'card', colour })
  views.push({ scene: 'detail', colour: 0 })
  if (colours === 2 || colours === 3) views.push({ scene: 'group', colour: 0 })
  if (colours === 1) views.push({ scene: 'mirror', colour: 0 }, { scene: 'still', colour: 0 })
  return views
}

/** Which picture shows a colour; `colours` as in `viewsOf`. */
export const viewOfColour = (colour: number, colours: number): number => (colours > 1 ? colour + 2 : 1)

/** Which of its colours a product has on the QC photo of this name. */
export const qcColour = (name: string, colours: number): number => hash32(name) % colours

/** Part of every drawing's address, which callers keep for good: raise it when the drawings change. */
export const DRAWINGS = 'v2'

/** Where a drawing is served: `number` counts from 1. */
export const picturePath = (listingId: string, number: number): string =>
  `/media/demo/${DRAWINGS}/${listingId}-${number}.webp`
export const qcPath = (listingId: string, number: number): string =>
  `/media/demo/${DRAWINGS}/qc-${listingId}-${number}.webp`
