/** Red, green, blue from 0 to 255. */
type Rgb = [number, number, number]

function rgb(hex: string): Rgb {
  const value = Number.parseInt(hex.slice(1), 16)
  return [value >> 16, (value >> 8) & 255, value & 255]
}

const hex = (parts: number[]) =>
  `#${parts
    .map((part) =>
      Math.round(Math.max(0, Math.min(255, part)))
        .toString(16)
        .padStart(2, '0'),
    )
    .join('')}`

/** `share` of `other` in `colour`: 0 gives the first, 1 the second. */
export function mix(colour: string, other: string, share: number): string {
  const [first, second] = [rgb(colour), rgb(other)]
  return hex(first.map((part, at) => part + (second[at]! - part) * share))
}

export const lighter = (colour: string, share: number) => mix(colour, '#ffffff', share)
export const darker = (colour: string, share: number) => mix(colour, '#14100c', share)

/** How bright a colour looks, 0 to 1. */
export function brightness(colour: string): number {
  const [red, green, blue] = rgb(colour)
  return (red * 0.299 + green * 0.587 + blue * 0.114) / 255
}

/** A tone of the same colour that stands out on it. */
export const contrast = (colour: string, share = 0.35) =>
  brightness(colour) > 0.45 ? darker(colour, share) : lighter(colour, share)
