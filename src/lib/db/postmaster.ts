import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, readlinkSync, readSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { OperatorError } from '../errors.ts'
import { runAs } from './server-user.ts'
import { SOCKET_PORT } from './socket-folder.ts'
import type { Cluster } from './cluster.ts'

/** What `postmaster.pid` says of the server of a cluster. */
export type Postmaster = { pid: number; socketFolder: string; ready: boolean }

const POLL_MS = 10
/** More than a server says that cannot start. */
const OUTPUT_BYTES_MAX = 64 * 1024
/** Another server has the cluster, is taking it at this moment, or has left remains that pass. */
const TAKEN = /lock file ".*" (?:already exists|is empty)|pre-existing shared memory block/
/** A server writes into its file at once; one that stays empty for so long was left by a crash. */
const EMPTY_MS = 10_000

/** The server that runs on this cluster, as far as its file tells; null when the file is gone or names a dead process. */
export function findPostmaster(clusterFolder: string): Postmaster | null {
  const lines = readLines(join(clusterFolder, 'postmaster.pid'))
  const pid = Number(lines[0])
  if (!Number.isInteger(pid) || pid <= 0 || !isAlive(pid)) return null
  return { pid, socketFolder: lines[4]?.trim() ?? '', ready: lines[7]?.trim() === 'ready' }
}

/** True when a process of that id runs, whoever owns it; one that has ended and was not yet collected does not run. */
export function isAlive(pid: number): boolean {
  return exists(pid) && !isZombie(pid)
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** In a container without an init, an orphan that ended keeps its number for ever. False where the system does not tell. */
function isZombie(pid: number): boolean {
  const state = readLines(`/proc/${pid}/stat`)[0]?.split(') ').at(-1)?.[0]
  return state === 'Z' || state === 'X'
}

/**
 * Starts the server in a session of its own, so that a Ctrl-C in the terminal does not reach it. Resolves to `ready`,
 * or to `taken` when another server has the cluster or remains of one still hold it. Throws an `OperatorError` when it
 * cannot start.
 */
export async function startPostmaster(
  cluster: Cluster,
  socketFolder: string,
  options: { fsync: boolean; logPath: string },
): Promise<'ready' | 'taken'> {
  removeStaleFiles(cluster.folder, socketFolder)
  const output = openFresh(options.logPath)
  const child = spawn(
    join(cluster.binaries.folder, 'bin', 'postgres'),
    ['-D', cluster.folder, ...settings(socketFolder, options.fsync)],
    {
      ...runAs(cluster.user),
      cwd: '/',
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
      detached: true,
      stdio: ['ignore', output, output],
    },
  )
  child.unref()
  try {
    return await untilReady(child, output, { cluster, socketFolder, logPath: options.logPath })
  } finally {
    closeSync(output)
  }
}

/**
 * A file of our own under this name: whoever starts a server at the same time makes another, and neither writes over what
 * the other's server says.
 */
function openFresh(path: string): number {
  for (;;) {
    rmSync(path, { force: true })
    try {
      return openSync(path, 'wx+', 0o600)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
}

async function untilReady(
  child: ChildProcess,
  output: number,
  { cluster, socketFolder, logPath }: { cluster: Cluster; socketFolder: string; logPath: string },
): Promise<'ready' | 'taken'> {
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(`ended with ${code ?? signal}`))
    child.once('error', ({ message }) => resolve(message))
  })

  let end: string | undefined
  while (end === undefined) {
    const found = findPostmaster(cluster.folder)
    if (found?.pid === child.pid && found?.ready) return 'ready'
    end = await Promise.race([ended, delay(POLL_MS, undefined)])
  }
  const fault = await readFault(cluster.folder, output, child.pid)
  // The last one out removes the socket's folder, perhaps just after we made sure of it.
  if (TAKEN.test(fault ?? '') || !existsSync(socketFolder)) return 'taken'
  throw new OperatorError(
    `The embedded PostgreSQL did not start: ${fault ?? end} (its output is in ${logPath} and ${join(cluster.folder, 'log')})`,
  )
}

/** Why the server of that id gave up. Its log collector may still be writing it. */
async function readFault(clusterFolder: string, output: number, pid: number | undefined): Promise<string | null> {
  const today = new Date().toUTCString().slice(0, 3)
  const collected = join(clusterFolder, 'log', `postgresql-${today}.log`)
  for (let turn = 0; turn < 50; turn++) {
    const said = [...readOutput(output), ...readLines(collected).filter((line) => line.includes(`[${pid}]`))]
    const fault = said.findLast((line) => /(FATAL|PANIC|error while loading)/.test(line))
    if (fault) return fault.replace(/^.*(?:FATAL|PANIC): */, '')
    await delay(POLL_MS)
  }
  return null
}

/** From the start, whoever has written or read before. */
function readOutput(output: number): string[] {
  const bytes = Buffer.alloc(OUTPUT_BYTES_MAX)
  return bytes.toString('utf8', 0, readSync(output, bytes, 0, bytes.length, 0)).split('\n')
}

function settings(socketFolder: string, fsync: boolean): string[] {
  const values: Record<string, string | number> = {
    listen_addresses: '',
    port: SOCKET_PORT,
    unix_socket_directories: socketFolder,
    unix_socket_permissions: '0700',
    timezone: 'UTC',
    log_timezone: 'UTC',
    lc_messages: 'C',
    // A week of logs beside the data, one file a day; nothing grows without end.
    logging_collector: 'on',
    log_directory: 'log',
    log_filename: 'postgresql-%a.log',
    log_rotation_age: '1d',
    log_rotation_size: 0,
    log_truncate_on_rotation: 'on',
    // Short queries only; compiling them takes longer than running them.
    jit: 'off',
    ...(fsync ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', autovacuum: 'off' }),
  }
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

/** Asks the server to stop, ending its sessions, and waits until it has. */
export async function stopPostmaster(clusterFolder: string): Promise<void> {
  const running = findPostmaster(clusterFolder)
  if (!running) return
  process.kill(running.pid, 'SIGINT')
  // Its file goes a little before it.
  while (isAlive(running.pid)) await delay(POLL_MS)
}

/**
 * PostgreSQL takes any live process that bears the id in an old lock file for a server, which after a restart of a
 * machine or container may be anything. Where the system tells who works in the cluster, remove the files that lie;
 * elsewhere, and for the ids of the dead, leave it to PostgreSQL.
 */
function removeStaleFiles(clusterFolder: string, socketFolder: string): void {
  for (const path of [join(clusterFolder, 'postmaster.pid'), join(socketFolder, `.s.PGSQL.${SOCKET_PORT}.lock`)]) {
    const text = readLines(path).join('\n')
    if (text === '' && isOld(path)) rmSync(path, { force: true })
    const pid = Number.parseInt(text, 10)
    if (!(pid > 0) || !exists(pid)) continue
    const workingFolder = isZombie(pid) ? 'none' : findWorkingFolder(pid)
    // A server whose data was removed under it serves nobody, and would end itself only after a minute.
    if (workingFolder === `${clusterFolder} (deleted)`) process.kill(pid, 'SIGQUIT')
    else if (workingFolder === null || workingFolder === clusterFolder) continue
    // Read again, so that the file of a server that starts at this moment stays.
    else if (readLines(path).join('\n') === text) rmSync(path, { force: true })
  }
}

function isOld(path: string): boolean {
  const file = statSync(path, { throwIfNoEntry: false })
  return file !== undefined && Date.now() - file.mtimeMs > EMPTY_MS
}

/** Null where the system does not tell, or not us. */
function findWorkingFolder(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return null
  }
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n')
  } catch {
    return []
  }
}
