// The part of WebAssembly's interface that we use: neither the language's types nor Node's declare it.
declare namespace WebAssembly {
  type Memory = {
    readonly buffer: ArrayBufferLike
    /** By pages of 64 KiB. Returns how many there were; throws a `RangeError` when there is no room. */
    grow(pages: number): number
  }
  const Memory: new (descriptor: { initial: number; maximum?: number; shared?: true }) => Memory
  type Module = object
  const Module: new (bytes: Uint8Array) => Module
  type Instance = { readonly exports: Record<string, (...parameters: never[]) => unknown> }
  const Instance: new (module: Module, imports: Record<string, Record<string, Memory>>) => Instance
}
