import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { testDatabase } from '../database.ts'
import { scratch } from '../lib/db/members.ts'
import { run, type Ended } from '../process/program.ts'

type Program = {
  dataDir: string
  /** Must succeed; answers the JSON. */
  tell<T = Record<string, unknown>>(...args: string[]): Promise<T>
  /** Must succeed; answers the words. */
  say(...args: string[]): Promise<string>
  attempt(...args: string[]): Promise<Ended>
  /** As `attempt`, with what is piped in. */
  pipe(input: string, ...args: string[]): Promise<Ended>
  /** Must fail with one line; answers it without the program's name. */
  refuse(...args: string[]): Promise<string>
}

/** The real program on a database of this test's own. */
export async function program(t: TestContext): Promise<Program & Awaited<ReturnType<typeof testDatabase>>> {
  const database = await testDatabase(t, { own: true })
  const { user, host, port, database: name } = database.connection
  const env = { DATABASE_URL: `postgres://${user}@/${name}?host=${host}&port=${port}` }
  const dataDir = join(scratch(t), 'data')
  const succeed = async (args: string[]) => {
    const { code, stdout, stderr } = await run(dataDir, args, env)
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' }, args.join(' '))
    return stdout
  }
  return {
    ...database,
    dataDir,
    tell: async <T>(...args: string[]) => JSON.parse(await succeed([...args, '--json'])) as T,
    say: async (...args) => (await succeed(args)).trimEnd(),
    attempt: (...args) => run(dataDir, args, env),
    pipe: (input, ...args) => run(dataDir, args, env, input),
    refuse: async (...args) => {
      const { code, stdout, stderr } = await run(dataDir, args, env)
      assert.deepEqual({ code, stdout }, { code: 1, stdout: '' }, args.join(' '))
      assert.match(stderr, /^openhaul: [^\n]+\n$/, args.join(' '))
      return stderr.slice('openhaul: '.length, -1)
    },
  }
}
