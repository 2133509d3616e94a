// The part of WebAssembly's interface that we use: neither the language's types nor Node's declare it.
declare namespace WebAssembly {
  class Memory {
    constructor(descriptor: { initial: number; maximum?: number; shared?: true })
    readonly buffer: ArrayBufferLike
    /** By pages of 64 KiB. Returns how many there were; a `RangeError` when there is no room. */
    grow(pages: number): number
  }
  class Module {
    constructor(bytes: Uint8Array)
  }
  class Instance {
    constructor(module: Module, imports: Record<string, Record<string, Memory>>)
    readonly exports: Record<string, (...parameters: never[]) => unknown>
  }
}
