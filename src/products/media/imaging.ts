import type sharpModule from 'sharp'

let loading: Promise<typeof sharpModule> | null = null

/**
 * The one configured sharp of this thread; loaded when the first picture is asked for, as it takes a while. Decoding is
 * for threads: only tasks ask for it.
 *
 * Only memory may be decoded, and only JPEG, PNG, WebP, AVIF and SVG. SVG has to stay possible because our own drawings
 * are made as SVG; pictures from outside never reach that loader, as their first bytes are looked at before they are
 * decoded.
 */
export function imaging(): Promise<typeof sharpModule> {
  return (loading ??= open())
}

const GIF = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')

async function open() {
  const { default: sharp } = await import('sharp')
  // The loaders are shut for all threads at once, and while they are, nobody can decode: so only where they are open.
  const isOpen = await sharp(GIF)
    .metadata()
    .then(Boolean, () => false)
  if (isOpen) {
    sharp.block({ operation: ['VipsForeignLoad'] })
    sharp.unblock({
      operation: ['Jpeg', 'Png', 'Webp', 'Heif', 'Svg'].map((format) => `VipsForeignLoad${format}Buffer`),
    })
  }
  // Work comes in many small pictures: threads within one, and a cache of operations, would only hold memory.
  sharp.concurrency(1)
  sharp.cache(false)
  return sharp
}
