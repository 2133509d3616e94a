import { mkdir, open, opendir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { syncFolder } from './disk.ts'

/** Bytes by name. A name is made by us and never by a caller: lower-case letters, digits, `-`, `.` and `/`. */
export type Blobs = {
  get(name: string): Promise<Buffer | null>
  /** Returns when the bytes are on disk. Writing a name again replaces it whole. */
  put(name: string, bytes: Buffer): Promise<void>
  delete(name: string): Promise<void>
  /** Every name, in no promised order; one that is written or deleted meanwhile may be there or not. */
  list(): AsyncIterable<string>
}

/** Where pictures are kept does not answer, or fails; it may work again in a moment. */
export class BlobsDown extends Error {
  override name = 'BlobsDown'
}

const NAME = /^[a-z0-9][a-z0-9-]*(?:[/.][a-z0-9][a-z0-9-]*)*$/

export function isBlobName(name: string): boolean {
  return NAME.test(name) && name.length <= 200
}

/** The name itself. Anything that is none is a fault of ours. */
export function requireBlobName(name: string): string {
  if (isBlobName(name)) return name
  throw new Error(`not a blob name: ${name}`)
}

/** Blobs as files below a folder, which need not be there yet. */
export function fileBlobs(below: string): Blobs {
  const folder = resolve(below)
  const path = (name: string) => join(folder, requireBlobName(name))
  let writes = 0

  return {
    async get(name) {
      try {
        return await readFile(path(name))
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
        throw error
      }
    },
    async put(name, bytes) {
      const target = path(name)
      const made = await mkdir(dirname(target), { recursive: true })
      // Beside the target and then renamed, so that a reader or a kill never sees half a file.
      const beside = `${target}.${process.pid}-${writes++}.part`
      const file = await open(beside, 'w')
      try {
        await file.writeFile(bytes)
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(beside, target)
      // A name is on disk when its folder is, and a new folder when the one around it is.
      for (const changed of upwards(dirname(target), made)) await syncFolder(changed)
    },
    async delete(name) {
      await rm(path(name), { force: true })
    },
    async *list() {
      for await (const entry of walk(folder)) {
        const name = relative(folder, entry).replaceAll(sep, '/')
        // Half-written files and whatever else lies there have names that no blob has.
        if (isBlobName(name) && !name.endsWith('.part')) yield name
      }
    },
  }
}

/** The folder; where it is new, those around it too, up to the one in which `made`, the topmost new one, was made. */
function upwards(folder: string, made: string | undefined): string[] {
  const folders = [folder]
  if (made === undefined) return folders
  for (let at = folder; at.length >= made.length; at = dirname(at)) folders.push(dirname(at))
  return folders
}

async function* walk(folder: string): AsyncGenerator<string> {
  const entries = await opendir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  for await (const entry of entries) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* walk(path)
    else if (entry.isFile()) yield path
  }
}
