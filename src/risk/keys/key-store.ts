import { open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ensureDataDir } from '../../lib/db/data-dir.ts'
import { syncFolder } from '../../lib/disk.ts'
import { OperatorError } from '../../lib/errors.ts'
import { randomText, type Random } from '../../lib/ids.ts'

export const KEY_BYTES = 32

/** Where the keys are: apart from the database, or whoever has its backup could try identifiers against it. */
export type KeyStore = {
  /** Every key, the first generation first. Throws an `OperatorError` for what cannot be read. */
  read(): Promise<Buffer[]>
  /** Keeps another one. Throws an `OperatorError` where only the operator can. */
  add(key: Buffer): Promise<void>
  /** For messages. */
  readonly place: string
}

/** `RISK_KEYS`: the operator has them, and adds to them by hand. */
export function givenKeys(keys: readonly Buffer[]): KeyStore {
  return {
    place: 'RISK_KEYS',
    read: async () => [...keys],
    add: (key) => {
      const text = key.toString('base64')
      throw new OperatorError(`Add ,${text} to the end of RISK_KEYS on every node, restart them, and rotate again.`)
    },
  }
}

/** A file of this machine, for its owner alone. */
export function keyFile({ dataDir, random }: { dataDir: string; random: Random }): KeyStore {
  const path = join(dataDir, 'risk-keys.json')
  const read = async (): Promise<Buffer[]> => {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '[]'
      throw new OperatorError(`${path} cannot be read (${error.code}).`)
    })
    return parseKeys(text, path)
  }
  return {
    place: path,
    read,
    async add(key) {
      const keys = [...(await read()), key].map((each) => each.toString('base64'))
      // With a database server, this may be the first that is kept here.
      await ensureDataDir(dataDir)
      // Beside, so that the keys there are cannot be lost half way.
      const beside = `${path}.${randomText(random, 8)}.part`
      const file = await open(beside, 'wx', 0o600)
      try {
        await file.writeFile(`${JSON.stringify(keys, null, 2)}\n`)
        await file.sync()
        await rename(beside, path)
        await syncFolder(dataDir)
      } catch (error) {
        await rm(beside, { force: true })
        throw error
      } finally {
        await file.close()
      }
    },
  }
}

function parseKeys(text: string, place: string): Buffer[] {
  let keys: unknown = null
  try {
    keys = JSON.parse(text)
  } catch {
    // told below
  }
  const read = Array.isArray(keys) ? keys.map((key) => readKey(key)) : [null]
  if (read.includes(null)) throw new OperatorError(`${place} must be a list of keys of ${KEY_BYTES} bytes in base64.`)
  return read as Buffer[]
}

/** A key as it is written, or null. */
export function readKey(text: unknown): Buffer | null {
  const key = typeof text === 'string' ? Buffer.from(text, 'base64') : null
  return key?.length === KEY_BYTES ? key : null
}
