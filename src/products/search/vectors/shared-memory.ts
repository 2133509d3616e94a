const PAGE_BYTES = 65_536
/** As much as 32-bit addresses reach: 4 GiB. */
const PAGES_MAX = 65_536
/** Grown by a megabyte at least, as every growth is told to all threads. */
const STEP_PAGES = 16

/** Memory that threads share and that the kernel reads. What is not used of it takes up no room. */
export function openMemory(): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: STEP_PAGES, maximum: PAGES_MAX, shared: true })
}

/** Makes it at least that large; a `RangeError` when there is no room. A thread that did not grow the memory itself thereby learns of its size too. */
export function growTo(memory: WebAssembly.Memory, bytes: number): void {
  // Growing by nothing brings `buffer` up to date.
  const pages = memory.grow(0)
  const missing = Math.ceil(bytes / PAGE_BYTES) - pages
  if (missing > 0) memory.grow(Math.max(missing, Math.min(STEP_PAGES, PAGES_MAX - pages)))
}
