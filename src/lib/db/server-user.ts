import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { OperatorError } from '../errors.ts'

/** Whom the server runs as. `switch` is set when that is someone else than this process. */
export type ServerUser = { name: string; uid: number; gid: number; switch: boolean }

const SERVICE_USER = 'postgres'

/**
 * PostgreSQL refuses to run as root: under root it runs as the owner of the data that is already there, else as the
 * user `postgres`, who is made when missing. Everyone else runs it as themselves.
 */
export function serverUser(ownerUid: number | null): ServerUser {
  const uid = process.getuid?.() ?? -1
  if (uid !== 0) return { name: ownName(), uid, gid: process.getgid?.() ?? -1, switch: false }

  const owner = ownerUid === null || ownerUid === 0 ? null : accountBy((each) => each.uid === ownerUid)
  const found = owner ?? accountBy((each) => each.name === SERVICE_USER) ?? createServiceUser()
  return { ...found, switch: true }
}

function ownName(): string {
  try {
    return userInfo().username
  } catch {
    // A container's arbitrary uid has no name.
    return String(process.getuid?.())
  }
}

/** Runs as that user; true when `path` can be reached and executed (a file) or entered (a folder). */
export function canReach(user: ServerUser, path: string): boolean {
  if (!user.switch) return true
  // Asked of the system, because modes alone do not tell what access lists and mounts allow.
  return spawnSync('/bin/sh', ['-c', 'test -x "$0"', path], { ...runAs(user), cwd: '/', stdio: 'ignore' }).status === 0
}

/** The options that make `spawn` run something as that user. */
export function runAs(user: ServerUser): { uid?: number; gid?: number } {
  return user.switch ? { uid: user.uid, gid: user.gid } : {}
}

type Account = { name: string; uid: number; gid: number }

function accountBy(wanted: (account: Account) => boolean): Account | null {
  for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
    const [name = '', , uid, gid] = line.split(':')
    const account = { name, uid: Number(uid), gid: Number(gid) }
    if (gid !== undefined && wanted(account)) return account
  }
  return null
}

function createServiceUser(): Account {
  const commands = [
    ['useradd', '--system', '--user-group', '--no-create-home', '--home-dir', '/nonexistent', SERVICE_USER],
    ['adduser', '-S', '-D', '-H', '-h', '/nonexistent', SERVICE_USER],
  ]
  for (const [command, ...args] of commands) {
    spawnSync(command!, args, { stdio: 'ignore' })
    // Asked again rather than trusting the status: two processes may make it at the same moment.
    const account = accountBy((each) => each.name === SERVICE_USER)
    if (account) return account
  }
  throw new OperatorError(
    `PostgreSQL does not run as root, and the user ${SERVICE_USER} could not be made: create it, run openhaul as a ` +
      'normal user, or set DATABASE_URL.',
  )
}
