import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

const PAGE_BYTES = 65_536
/** As much as 32-bit addresses reach: 4 GiB. */
const PAGES_MAX = 65_536
/** Grown by a megabyte at least, as every growth is told to all threads. */
const STEP_PAGES = 16

/** Memory that threads share and that the kernel reads. What is not used of it takes up no room. */
export function openMemory(): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: STEP_PAGES, maximum: PAGES_MAX, shared: true })
}

/**
 * Makes it at least that large; a `RangeError` when there is no room. A thread that did not grow the memory itself thereby
 * learns of its size too.
 */
export function growTo(memory: WebAssembly.Memory, bytes: number): void {
  // Growing by nothing brings `buffer` up to date.
  const pages = memory.grow(0)
  const missing = Math.ceil(bytes / PAGE_BYTES) - pages
  if (missing > 0) memory.grow(Math.max(missing, Math.min(STEP_PAGES, PAGES_MAX - pages)))
}

/**
 * Gives back what this thread no longer refers to. V8 does not count memory that threads share, so that it never sees a reason
 * to look for it. Nothing else runs in this thread meanwhile, for some ten milliseconds.
 */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
}
