import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

const BIN = join(import.meta.dirname, '../../bin/openhaul.mjs')
const QUIET = { DATABASE_URL: '', SOURCES: '', TRANSLATE_URL: '', LOG_LEVEL: 'error', PORT: '0' }

export type Ended = { code: number | null; stdout: string; stderr: string }
export type Server = { url: string; printed: string; stop(): Promise<Ended> }

/** Runs a command to its end, as `npm run -s openhaul -- …` would. `input` is what is piped into it. */
export async function run(
  dataDir: string,
  args: string[],
  env: Record<string, string> = {},
  input = '',
): Promise<Ended> {
  const child = start(dataDir, args, env)
  child.stdin!.on('error', () => {}) // it may end without reading
  child.stdin!.end(input)
  return ended(child)
}

/** Starts a command, to be looked at while it runs. */
export function launch(
  t: TestContext,
  dataDir: string,
  args: string[],
  env: Record<string, string> = {},
): { child: ChildProcess; end: Promise<Ended> } {
  const child = start(dataDir, args, env)
  t.after(() => child.kill('SIGKILL'))
  return { child, end: ended(child) }
}

/** Runs a command that must succeed, with `--json`; answers what it printed. */
export async function runJson<T>(dataDir: string, args: string[]): Promise<T> {
  const { code, stdout, stderr } = await run(dataDir, [...args, '--json'])
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stderr}`)
  return JSON.parse(stdout) as T
}

/** Starts the server; resolves when it has printed its ready line and everything after it. */
export async function serve(t: TestContext, dataDir: string, env: Record<string, string> = {}): Promise<Server> {
  const child = start(dataDir, ['serve'], env)
  t.after(() => child.kill('SIGKILL'))
  const end = ended(child)
  let printed = ''
  const ready = new Promise<string>((resolve) => {
    child.stdout!.on('data', (text: string) => {
      printed += text
      const url = /^openhaul ready on (http:\S+)\n/.exec(printed)?.[1]
      if (url) resolve(url)
    })
  })
  const early = end.then(({ code, stderr }) =>
    Promise.reject(new Error(`ended with ${code} before it was ready: ${stderr}`)),
  )
  const url = await Promise.race([ready, early])
  early.catch(() => {})
  return {
    url,
    printed,
    async stop() {
      child.kill('SIGINT')
      return end
    },
  }
}

function start(dataDir: string, args: string[], env: Record<string, string>): ChildProcess {
  const child = spawn(process.execPath, [BIN, ...args], {
    env: { ...process.env, ...QUIET, DATA_DIR: dataDir, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  child.stdout.setEncoding('utf8')
  child.stderr.setEncoding('utf8')
  return child
}

async function ended(child: ChildProcess): Promise<Ended> {
  const said = { stdout: '', stderr: '' }
  child.stdout!.on('data', (text: string) => (said.stdout += text))
  child.stderr!.on('data', (text: string) => (said.stderr += text))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, ...said }
}

/** Does what one of the printed curl lines says. */
export async function doCurl(line: string): Promise<Response> {
  const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2]!)
  const headers: Record<string, string> = {}
  let body: string | null = null
  let url = ''
  for (let at = 1; at < words.length; at++) {
    const word = words[at]!
    if (word === '-H') {
      const [name, ...value] = words[++at]!.split(': ')
      headers[name!] = value.join(': ')
    } else if (word === '-d') {
      body = words[++at]!
      headers['content-type'] ??= 'application/x-www-form-urlencoded'
    } else if (!word.startsWith('-')) url = word
  }
  return fetch(url, { method: body === null ? 'GET' : 'POST', headers, body })
}
