import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { folderHash } from '../../../src/lib/db/socket-folder.ts'
import { findPostmaster, isAlive } from '../../../src/lib/db/postmaster.ts'
import { canReach } from '../../../src/lib/db/server-user.ts'

const PROGRAM = join(import.meta.dirname, 'member.ts')
export const isRoot = process.getuid?.() === 0

export type Account = { uid: number; gid: number }

/** A normal user for tests that run as root. */
export function nobody(): Account {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((each) => each.startsWith('nobody:'))
  const [, , uid, gid] = line!.split(':')
  return { uid: Number(uid), gid: Number(gid) }
}

/** Why that user cannot run `member.ts`, as when the clone lies in a closed home; null when they can. */
export function whyNotRunnable(account: Account): string | null {
  const user = { ...account, name: String(account.uid), switch: true }
  const unreachable = [process.execPath, import.meta.dirname].find((path) => !canReach(user, path))
  return unreachable === undefined ? null : `the user ${account.uid} cannot reach ${unreachable}`
}

const started: { dataDir: string; child: ChildProcess }[] = []

/** A folder that everyone can enter; whoever still works in its `data` is ended with the test. */
export function scratch(t: Pick<TestContext, 'after'>, mode = 0o755): string {
  const folder = mkdtempSync(join(tmpdir(), 'openhaul-scratch-'))
  chmodSync(folder, mode)
  t.after(() => {
    for (const { dataDir, child } of started) if (dataDir.startsWith(folder)) child.kill('SIGKILL')
    const running = findPostmaster(join(folder, 'data', 'postgres'))
    if (running) process.kill(running.pid, 'SIGQUIT')
    for (const { dataDir } of started) if (dataDir.startsWith(folder)) removeSocketFolder(dataDir)
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
  })
  return folder
}

/** It outlives its server on purpose, and stands in the temporary folder of whoever runs it. */
export function removeSocketFolder(dataDir: string): void {
  const hash = folderHash(dataDir)
  for (const name of readdirSync(tmpdir())) {
    if (name.startsWith('openhaul-') && name.endsWith(hash))
      rmSync(join(tmpdir(), name), { recursive: true, force: true })
  }
}

export type Member = ReturnType<typeof startMember>
export type Joined = { joined: { host: string }; startMs: number }

/** Starts `member.ts` on a data folder, as `account` if given. */
export function startMember(
  dataDir: string,
  options: { account?: Account; systemState?: string; temporary?: string; detached?: boolean } = {},
) {
  const { account, systemState, temporary, detached = false } = options
  const child = spawn(process.execPath, [PROGRAM, dataDir, ...(systemState ? [systemState] : [])], {
    ...account,
    cwd: '/',
    detached,
    env: { PATH: process.env['PATH'], TMPDIR: temporary ?? process.env['TMPDIR'] },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  started.push({ dataDir, child })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  // A killed child's pipe breaks; its end is what tests look at.
  child.stdin.on('error', () => {})
  const closed = once(child, 'close')

  async function next(): Promise<unknown> {
    const { value, done } = await lines.next()
    if (done) throw new Error(`the process ended (${String(await closed)}) without an answer: ${said}`)
    return JSON.parse(value)
  }

  return {
    pid: child.pid!,
    log: () => said,
    async joined(): Promise<Joined> {
      const answer = (await next()) as Joined | { message: string }
      if ('joined' in answer) return answer
      throw new Error(`could not join: ${answer.message}`)
    },
    refused: () => next() as Promise<{ refused: string; message: string }>,
    async sql(statement: string): Promise<{ rows: unknown[] } | { error: string }> {
      child.stdin.write(`${statement}\n`)
      return (await next()) as { rows: unknown[] } | { error: string }
    },
    async leave(): Promise<void> {
      child.stdin.end()
      await closed
    },
    async kill(): Promise<void> {
      child.kill('SIGKILL')
      // 'close' comes when nobody holds our pipes any more, a database server included.
      await closed
    },
  }
}

export function serverPid(dataDir: string): number | null {
  return findPostmaster(join(dataDir, 'postgres'))?.pid ?? null
}

export async function gone(pid: number): Promise<void> {
  while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 10))
}
