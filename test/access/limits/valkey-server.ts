import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

const BINARY = ['valkey-server', 'redis-server'].find((name) => !spawnSync(name, ['--version']).error)

/** For the option `skip` of a test: false, or why it cannot run here. */
export const VALKEY_MISSING = BINARY === undefined && 'neither valkey-server nor redis-server is installed'

export type ValkeyServer = {
  /** What a store takes as its url. */
  socket: string
  start(): Promise<void>
  kill(): Promise<void>
  signal(name: 'SIGSTOP' | 'SIGCONT'): void
}

/** A server of this test's own, on a socket in a folder of its own. It keeps nothing when it ends. */
export async function startValkey(t: TestContext, options: { started?: boolean } = {}): Promise<ValkeyServer> {
  const folder = mkdtempSync(join(tmpdir(), 'openhaul-valkey-'))
  const socket = join(folder, 'valkey.sock')
  let child: ChildProcess | null = null

  const server: ValkeyServer = {
    socket,
    async start() {
      const args = ['--port', '0', '--unixsocket', socket, '--dir', folder, '--save', '', '--appendonly', 'no']
      const started = spawn(BINARY!, args, { stdio: ['ignore', 'pipe', 'ignore'] })
      child = started
      let said = ''
      for await (const text of started.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
        said += text as string
        if (/ready to accept connections/i.test(said)) break
        if (started.exitCode !== null) throw new Error(`the server did not start: ${said}`)
      }
      started.stdout.resume()
    },
    async kill() {
      if (child === null || child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    },
    signal: (name) => child!.kill(name),
  }
  t.after(async () => {
    await server.kill()
    rmSync(folder, { recursive: true, force: true })
  })
  if (options.started !== false) await server.start()
  return server
}
