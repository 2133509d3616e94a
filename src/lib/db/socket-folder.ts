import { chmodSync, lchownSync, lstatSync, mkdirSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OperatorError } from '../errors.ts'
import type { ServerUser } from './server-user.ts'

/** PostgreSQL's name for the socket in its folder. */
export const SOCKET_PORT = 5432
/** What fits in the address of a unix socket on every system, the closing zero apart (macOS 103, Linux 107). */
const SOCKET_PATH_BYTES = 103

/** Twelve hex digits that stand for a folder. */
export function folderHash(folder: string): string {
  return createHash('sha256').update(folder).digest('hex').slice(0, 12)
}

/**
 * A folder for the server's socket that only the server's user can enter. Short, because a socket below a deep DATA_DIR
 * would not start. Throws an `OperatorError` when someone else has put something in its place.
 */
export function ensureSocketFolder(dataDir: string, user: ServerUser, temporary = tmpdir()): string {
  const name = `openhaul-${user.uid}-${folderHash(dataDir)}`
  const fits = Buffer.byteLength(join(temporary, name, `.s.PGSQL.${SOCKET_PORT}`)) <= SOCKET_PATH_BYTES
  const folder = join(fits ? temporary : '/tmp', name)
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }

  // Root's own is what a start left that was killed before it gave the folder away.
  const mine = user.switch && isOwnFolder(folder, 0)
  if (!mine && !isOwnFolder(folder, user.uid)) {
    throw new OperatorError(
      `${folder} belongs to someone else, so the database cannot trust it: remove it, or set TMPDIR to a folder of ` +
        'your own.',
    )
  }
  if (mine) lchownSync(folder, user.uid, user.gid)
  if ((lstatSync(folder).mode & 0o777) !== 0o700) chmodSync(folder, 0o700)
  return folder
}

/** True when `folder` is a real folder, no link to one, that belongs to that user. */
export function isOwnFolder(folder: string, uid: number): boolean {
  const found = lstatSync(folder, { throwIfNoEntry: false })
  return found?.isDirectory() === true && found.uid === uid
}
