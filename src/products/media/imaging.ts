import type sharpModule from 'sharp'

let loading: Promise<typeof sharpModule> | null = null

/**
 * The one configured sharp of this process; loaded when the first picture is asked for, as it takes a while.
 *
 * Only memory may be decoded, and only JPEG, PNG, WebP, AVIF and SVG. SVG has to stay possible because our own drawings
 * are made as SVG; pictures from outside never reach that loader, as `takeIn` looks at their first bytes before it
 * decodes them.
 */
export function imaging(): Promise<typeof sharpModule> {
  return (loading ??= open())
}

async function open() {
  const { default: sharp } = await import('sharp')
  sharp.block({ operation: ['VipsForeignLoad'] })
  sharp.unblock({
    operation: ['Jpeg', 'Png', 'Webp', 'Heif', 'Svg'].map((format) => `VipsForeignLoad${format}Buffer`),
  })
  // Work comes in many small pictures: threads within one, and a cache of operations, would only hold memory.
  sharp.concurrency(1)
  sharp.cache(false)
  return sharp
}

const AT_ONCE = 2
let running = 0
const waiting: (() => void)[] = []

/** Runs `work` when fewer than two others do: each picture may take 200 MB while it is decoded. */
export async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve))
  else running++
  try {
    return await work()
  } finally {
    // The place is handed on rather than freed, so that nobody slips in between.
    const next = waiting.shift()
    if (next) next()
    else running--
  }
}
