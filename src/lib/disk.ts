import { open } from 'node:fs/promises'

/** Puts a folder's names on disk: without it, a file that was renamed into it may be gone after a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  await handle.sync().finally(() => handle.close())
}
