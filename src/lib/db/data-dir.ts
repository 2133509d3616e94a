import { mkdir, realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { OperatorError } from '../errors.ts'

/** Makes DATA_DIR, an absolute path, and answers it without links. Throws an `OperatorError` when it cannot be had. */
export async function ensureDataDir(dataDir: string): Promise<string> {
  try {
    await makeFolder(dataDir)
    return await realpath(dataDir)
  } catch (error) {
    throw new OperatorError(
      `DATA_DIR ${dataDir} cannot be made or entered (${(error as NodeJS.ErrnoException).code}): give a folder that ` +
        'you may write to.',
      { cause: error },
    )
  }
}

/** Folder by folder: Node's own recursive way never ends where a folder takes no new ones and says ENOENT, as /proc does. */
async function makeFolder(path: string): Promise<void> {
  if (await isFolder(path)) return
  const parent = dirname(path)
  if (parent !== path) await makeFolder(parent)
  await mkdir(path).catch((error: NodeJS.ErrnoException) => {
    // Another start made it at the same moment; a link to nowhere shows when it is entered.
    if (error.code !== 'EEXIST') throw error
  })
}

async function isFolder(path: string): Promise<boolean> {
  try {
    const found = await stat(path)
    if (found.isDirectory()) return true
    throw Object.assign(new Error(`${path} is no folder`), { code: 'ENOTDIR' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}
