/** Longer lines are refused unread: no record has a use for so much, and one line must not fill the memory. */
export const LINE_BYTES_MAX = 1024 * 1024

/** `bytes` is null for a line over the limit. `endsAt` is where the next line begins in the file. */
export type Line = { number: number; bytes: Buffer | null; endsAt: number }

/**
 * Cuts a file's chunks into lines, without their ends. `push` gives the lines that a chunk completes; `end` gives the
 * last one when the file does not end with a line break. Holds at most one unfinished line of the permitted length.
 */
export function lineCutter(): { push(chunk: Buffer): Line[]; end(): Line[] } {
  let held: Buffer[] = []
  let heldBytes = 0
  let number = 0
  let position = 0

  function hold(part: Buffer): void {
    // Beyond the limit only the length counts.
    if (heldBytes <= LINE_BYTES_MAX && part.length > 0) held.push(part)
    heldBytes += part.length
    position += part.length
    if (heldBytes > LINE_BYTES_MAX) held = []
  }

  function complete(): Line {
    const bytes = heldBytes > LINE_BYTES_MAX ? null : held.length === 1 ? held[0]! : Buffer.concat(held)
    held = []
    heldBytes = 0
    number += 1
    return { number, bytes, endsAt: position }
  }

  return {
    push(chunk) {
      const lines: Line[] = []
      let from = 0
      for (let to = chunk.indexOf(10); to >= 0; to = chunk.indexOf(10, from)) {
        hold(chunk.subarray(from, to))
        position += 1
        lines.push(complete())
        from = to + 1
      }
      hold(chunk.subarray(from))
      return lines
    },
    end: () => (heldBytes > 0 ? [complete()] : []),
  }
}
