/** A file in a tar stream. `body` must be read to its end before the next one is asked for. */
export type TarMember = { name: string; bytes: number; body: AsyncIterable<Buffer> }

/** The stream is no tar, or is cut off or altered. */
export class TarError extends Error {
  override name = 'TarError'
}

const BLOCK = 512
const NAME_BYTES = 100

/** One file of a tar stream: its header and its content, filled up to whole blocks. */
export function tarMember(name: string, content: Buffer, at: Date): Buffer[] {
  const long = Buffer.byteLength(name) > NAME_BYTES
  return [
    ...(long ? tarMember('path', Buffer.from(paxRecord('path', name)), at).map(asPaxHeader) : []),
    header(long ? name.slice(0, 40) : name, content.length, at),
    content,
    Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK),
  ].filter(({ length }) => length > 0)
}

/** What closes a tar stream. */
export function tarEnd(): Buffer {
  return Buffer.alloc(2 * BLOCK)
}

/** Reads the files of a tar stream in their order. Throws a `TarError` when it is not whole. */
export async function* readTar(stream: AsyncIterable<Buffer>): AsyncGenerator<TarMember> {
  const bytes = byteReader(stream)
  let longName: string | null = null
  while (true) {
    const block = await bytes.take(BLOCK)
    if (block.every((byte) => byte === 0)) break
    const { name, type, size } = parseHeader(block)
    const rest = (BLOCK - (size % BLOCK)) % BLOCK
    if (type === 'x') {
      if (size > 64 * BLOCK) throw new TarError('an extended header is too long')
      longName = parsePax(await bytes.take(size))
      await bytes.take(rest)
      continue
    }
    let read = false
    async function* body() {
      yield* bytes.pass(size)
      await bytes.take(rest)
      read = true
    }
    yield { name: longName ?? name, bytes: size, body: body() }
    if (!read) throw new Error(`${name} was not read to its end`)
    longName = null
  }
  // Past the end, so that whatever unpacks the stream checks its own sum.
  await bytes.drain()
}

/** The whole of a body that must not be longer than `bytesMax`. */
export async function readWhole({ name, bytes, body }: TarMember, bytesMax: number): Promise<Buffer> {
  if (bytes > bytesMax) throw new TarError(`${name} is too long`)
  const parts: Buffer[] = []
  for await (const part of body) parts.push(part)
  return Buffer.concat(parts)
}

function header(name: string, size: number, at: Date): Buffer {
  const block = Buffer.alloc(BLOCK)
  block.write(name, 0, NAME_BYTES)
  block.write('0000600\0', 100)
  block.write('0000000\0', 108)
  block.write('0000000\0', 116)
  block.write(`${size.toString(8).padStart(11, '0')}\0`, 124)
  block.write(
    `${Math.floor(at.getTime() / 1000)
      .toString(8)
      .padStart(11, '0')}\0`,
    136,
  )
  block.write('0', 156)
  block.write('ustar\x0000', 257)
  return sealed(block)
}

function sealed(block: Buffer): Buffer {
  block.write(`${checksum(block).toString(8).padStart(6, '0')}\0 `, 148)
  return block
}

function asPaxHeader(block: Buffer, index: number): Buffer {
  if (index > 0) return block
  block.write('x', 156)
  return sealed(block)
}

/** `length key=value`, where the length counts itself. */
function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`
  const bytes = Buffer.byteLength(rest)
  let length = bytes + String(bytes).length
  if (bytes + String(length).length > length) length = bytes + String(length).length
  return `${length}${rest}`
}

function parsePax(content: Buffer): string {
  const path = /^\d+ path=(.*)\n$/.exec(content.toString())?.[1]
  if (path === undefined) throw new TarError('an extended header cannot be read')
  return path
}

function parseHeader(block: Buffer): { name: string; type: string; size: number } {
  const size = Number.parseInt(text(block, 124, 12), 8)
  if (Number.parseInt(text(block, 148, 8), 8) !== checksum(block) || !(size >= 0)) {
    throw new TarError('a header is damaged')
  }
  return { name: text(block, 0, NAME_BYTES), type: String.fromCharCode(block[156]!), size }
}

function text(block: Buffer, from: number, length: number): string {
  return block
    .toString('utf8', from, from + length)
    .replace(/\0.*$/s, '')
    .trim()
}

/** The sum of a header's bytes, its own field read as spaces. */
function checksum(block: Buffer): number {
  return block.reduce((sum, byte, index) => sum + (index >= 148 && index < 156 ? 32 : byte), 0)
}

function byteReader(stream: AsyncIterable<Buffer>) {
  const source = stream[Symbol.asyncIterator]()
  let kept: Buffer = Buffer.alloc(0)

  async function more(): Promise<void> {
    const { done, value } = await source.next()
    if (done) throw new TarError('the file ends too early')
    kept = kept.length === 0 ? value : Buffer.concat([kept, value])
  }

  function cut(count: number): Buffer {
    const part = kept.subarray(0, count)
    kept = kept.subarray(count)
    return part
  }

  return {
    async take(count: number): Promise<Buffer> {
      while (kept.length < count) await more()
      return cut(count)
    },
    async *pass(count: number): AsyncGenerator<Buffer> {
      let left = count
      while (left > 0) {
        if (kept.length === 0) await more()
        const part = cut(Math.min(left, kept.length))
        left -= part.length
        yield part
      }
    },
    async drain(): Promise<void> {
      while (!(await source.next()).done) kept = Buffer.alloc(0)
    },
  }
}
