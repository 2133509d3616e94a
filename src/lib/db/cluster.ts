import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chown,
  cp,
  lchown,
  lstat,
  mkdir,
  readFile,
  readdir,
  realpath,
  rename,
  rm,
  stat,
  symlink,
} from 'node:fs/promises'
import { basename, join } from 'node:path'
import { syncFolder } from '../disk.ts'
import { OperatorError } from '../errors.ts'
import { ensureStateFolder, findBinaries, reachableBinaries } from './binaries.ts'
import { initdb } from './initdb.ts'
import { isAlive } from './postmaster.ts'
import { canReach, serverUser } from './server-user.ts'
import { folderHash } from './socket-folder.ts'
import type { Binaries } from './binaries.ts'
import type { ServerUser } from './server-user.ts'
import type { Log } from '../log.ts'

/** A cluster on disk and what can serve it. `folder` holds PG_VERSION. */
export type Cluster = { folder: string; user: ServerUser; binaries: Binaries }

const SYSTEM_STATE = '/var/lib/openhaul'
/** After the name of a cluster whose copy is served instead. */
const COPIED = '.copied'

/** The folder of the cluster that DATA_DIR already has, or null. */
export async function findClusterFolder(dataDir: string): Promise<string | null> {
  const path = join(dataDir, 'postgres')
  const found = await lstat(path).catch(nullWhenMissing)
  if (!found) return null
  return realpath(path).catch(() => {
    throw new OperatorError(
      `${path} points to a folder that is gone: bring it back, or choose an empty DATA_DIR and restore a backup.`,
    )
  })
}

/**
 * Readies the cluster of DATA_DIR, which must exist, making it when there is none. Safe when several processes do it
 * at once, and after a kill at any moment. Throws an `OperatorError` for a cluster that we cannot or must not serve.
 */
export async function ensureCluster(dataDir: string, log: Log, systemState = SYSTEM_STATE): Promise<Cluster> {
  await undoHalfMove(dataDir)
  const found = await findClusterFolder(dataDir)
  const owner = found === null ? null : (await stat(found)).uid
  const user = serverUser(owner)
  if (owner !== null && !user.switch && owner !== user.uid) {
    throw new OperatorError(
      `The database in ${dataDir} belongs to the user ${owner}: run openhaul as that user or as root, or choose ` +
        'another DATA_DIR.',
    )
  }
  const stateFolder = join(systemState, folderHash(dataDir))
  const installed = await findBinaries()
  if (found !== null) await checkMajor(found, installed)
  const binaries = await reachableBinaries(installed, user, systemState, log)

  if (found === null) return { folder: await createCluster(dataDir, stateFolder, user, binaries, log), user, binaries }
  if (canReach(user, found)) return { folder: found, user, binaries }
  return { folder: await moveCluster(dataDir, found, stateFolder, user, log), user, binaries }
}

async function checkMajor(folder: string, { major }: Binaries): Promise<void> {
  const text = await readFile(join(folder, 'PG_VERSION'), 'utf8').catch(nullWhenMissing)
  const found = text?.trim()
  if (found === String(major)) return
  throw new OperatorError(
    found
      ? `The database in ${folder} was made by PostgreSQL ${found}, and this is ${major}: run "backup FILE" with the ` +
          'version of openhaul that made it, then "restore FILE" with this one into an empty DATA_DIR.'
      : `${folder} is not a database folder: choose an empty DATA_DIR, or restore a backup into one.`,
  )
}

async function createCluster(
  dataDir: string,
  stateFolder: string,
  user: ServerUser,
  binaries: Binaries,
  log: Log,
): Promise<string> {
  const path = join(dataDir, 'postgres')
  const inPlace = canReach(user, dataDir)
  const parent = inPlace ? dataDir : stateFolder
  if (!inPlace) await ensureStateFolder(stateFolder)
  await removeLeftovers(parent)

  // Made beside its place and moved there whole, so that a kill leaves nothing that looks like a cluster, and of two
  // processes that start together one wins.
  const beside = besideName(parent)
  await mkdir(beside, { mode: 0o700 })
  try {
    if (user.switch) await chown(beside, user.uid, user.gid)
    await initdb(beside, user, binaries)
    if (inPlace) await rename(beside, path)
    else await linkTo(beside, finalName(stateFolder), path)
    await syncFolder(dataDir)
  } catch (error) {
    await rm(beside, { recursive: true, force: true })
    const winner = await findClusterFolder(dataDir)
    if (winner === null) throw error
    return winner
  } finally {
    making.delete(basename(beside))
  }
  const folder = await realpath(path)
  if (!inPlace) {
    log.info(
      { folder: stateFolder },
      `The user ${user.name}, who runs PostgreSQL, cannot reach ${dataDir}: the database lives in ${stateFolder}`,
    )
  }
  return folder
}

/** Gives a finished cluster its place and says so in DATA_DIR; the link is what counts, and only one process makes it. */
async function linkTo(beside: string, folder: string, path: string): Promise<void> {
  await rename(beside, folder)
  try {
    await symlink(folder, path)
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

/** Copies a cluster that its user can no longer reach to the system's state folder. */
async function moveCluster(
  dataDir: string,
  from: string,
  stateFolder: string,
  user: ServerUser,
  log: Log,
): Promise<string> {
  const path = join(dataDir, 'postgres')
  await ensureStateFolder(stateFolder)
  await removeLeftovers(stateFolder)
  const folder = finalName(stateFolder)
  const beside = besideName(stateFolder)
  try {
    await cp(from, beside, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true })
    for (const name of await readdir(beside, { recursive: true })) await lchown(join(beside, name), user.uid, user.gid)
    await lchown(beside, user.uid, user.gid)
    await rm(join(beside, 'postmaster.pid'), { force: true })
    spawnSync('sync', ['-f', beside])
    await rename(path, path + COPIED)
    await linkTo(beside, folder, path)
    await syncFolder(dataDir)
  } catch (error) {
    await rm(beside, { recursive: true, force: true })
    const winner = await findClusterFolder(dataDir)
    if (winner === null || winner === from) throw error
    return winner
  } finally {
    making.delete(basename(beside))
  }
  log.info(
    { folder },
    `The user ${user.name}, who runs PostgreSQL, cannot reach ${dataDir}: the database was copied to ${folder}, its ` +
      `old files are in ${path}${COPIED}`,
  )
  return folder
}

/** A move that was killed before the copy had taken the place: the old files go back to theirs. */
async function undoHalfMove(dataDir: string): Promise<void> {
  const path = join(dataDir, 'postgres')
  if ((await lstat(path).catch(nullWhenMissing)) || !(await lstat(path + COPIED).catch(nullWhenMissing))) return
  await rename(path + COPIED, path).catch(nullWhenMissing)
}

/** Clusters that this process is making; a name of ours that is not among them was left by a former bearer of our id. */
const making = new Set<string>()

function besideName(parent: string): string {
  const name = `postgres.init-${process.pid}-${randomBytes(4).toString('hex')}`
  making.add(name)
  return join(parent, name)
}

function finalName(stateFolder: string): string {
  return join(stateFolder, `database-${randomBytes(6).toString('hex')}`)
}

/** What killed processes left of clusters that were never finished. */
async function removeLeftovers(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const pid = Number(/^postgres\.init-(\d+)-[0-9a-f]{8}$/.exec(name)?.[1])
    if (Number.isNaN(pid) || making.has(name) || (pid !== process.pid && isAlive(pid))) continue
    // An initdb that outlived its parent may still be writing there; then the next start removes it.
    await rm(join(parent, name), { recursive: true, force: true, maxRetries: 3 }).catch(() => {})
  }
}

function nullWhenMissing(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null
  throw error
}
