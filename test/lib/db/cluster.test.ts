import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { isRoot, nobody, scratch, serverPid, startMember, whyNotRunnable } from './members.ts'

test('a kill at any moment of the first start leaves nothing that the next one trips over', async (t) => {
  const dataDir = join(scratch(t), 'data')
  for (const afterMs of [0, 60, 150, 300, 450]) {
    const killed = startMember(dataDir)
    const begun = () => existsSync(dataDir) && readdirSync(dataDir).some((name) => name.startsWith('postgres.init-'))
    while (!begun() && serverPid(dataDir) === null) await new Promise((resolve) => setTimeout(resolve, 2))
    await new Promise((resolve) => setTimeout(resolve, afterMs))
    await killed.kill()
  }
  const next = startMember(dataDir)
  await next.joined()
  assert.deepEqual(await next.sql('select 1 as one'), { rows: [{ one: 1 }] })
  await next.leave()
  const again = startMember(dataDir)
  await again.joined()
  await again.leave()
  assert.deepEqual(readdirSync(dataDir).sort(), ['postgres', 'postgres-start.log'])
})

test('a data folder that cannot be served is refused in one sentence with the remedy', async (t) => {
  const folder = scratch(t)
  const dataDir = (name: string) => join(folder, name, 'data')
  const version = (name: string, text: string | null) => {
    mkdirSync(join(dataDir(name), 'postgres'), { recursive: true })
    if (text !== null) writeFileSync(join(dataDir(name), 'postgres', 'PG_VERSION'), text)
  }
  version('older', '17\n')
  version('newer', '19\n')
  version('other', null)
  mkdirSync(join(dataDir('dangling')), { recursive: true })
  symlinkSync(join(folder, 'gone'), join(dataDir('dangling'), 'postgres'))
  writeFileSync(join(folder, 'file'), '')
  symlinkSync(join(folder, 'gone'), join(folder, 'nowhere'))

  const cases: [string, RegExp][] = [
    [dataDir('older'), /was made by PostgreSQL 17, and this is 18: run "backup FILE" with the version of openhaul/],
    [dataDir('newer'), /was made by PostgreSQL 19, and this is 18/],
    [dataDir('other'), /is not a database folder: choose an empty DATA_DIR/],
    [dataDir('dangling'), /points to a folder that is gone/],
    [join(folder, 'file', 'data'), /^DATA_DIR .* cannot be made or entered \(ENOTDIR\): give a folder/],
    [join(folder, 'file'), /^DATA_DIR .* cannot be made or entered \(ENOTDIR\)/],
    [join(folder, 'nowhere'), /^DATA_DIR .* cannot be made or entered \(ENOENT\)/],
    ...(process.platform === 'linux'
      ? [
          ['/proc/openhaul/data', /^DATA_DIR \/proc\/openhaul\/data cannot be made or entered \(ENOENT\)/] as [
            string,
            RegExp,
          ],
        ]
      : []),
  ]
  for (const [path, message] of cases) {
    const member = startMember(path)
    const answer = await member.refused()
    assert.equal(answer.refused, 'OperatorError')
    assert.match(answer.message, message)
    assert.doesNotMatch(answer.message, /\n/)
    await member.leave()
  }
})

test("a folder or a database of another user's is refused", async (t) => {
  if (!isRoot) return t.skip('needs root to become two users')
  const whyNot = whyNotRunnable(nobody())
  if (whyNot !== null) return t.skip(whyNot)
  const folder = scratch(t, 0o777)
  const closed = join(folder, 'closed')
  mkdirSync(closed, { mode: 0o700 })
  const owner = startMember(join(folder, 'data'))
  await owner.joined()
  await owner.leave()
  const cases: [string, RegExp][] = [
    [join(folder, 'data'), /^The database in .* belongs to the user \d+: run openhaul as that user or as root/],
    [join(closed, 'data'), /cannot be made or entered \(EACCES\)/],
  ]
  for (const [path, message] of cases) {
    const member = startMember(path, { account: nobody() })
    const answer = await member.refused()
    assert.deepEqual([answer.refused, message.test(answer.message)], ['OperatorError', true], answer.message)
    await member.leave()
  }
})

test("root in a closed home: the database lives in the system's state folder, and no mode is changed", async (t) => {
  if (!isRoot) return t.skip('needs root')
  const folder = scratch(t)
  const home = join(folder, 'home')
  const dataDir = join(home, 'data')
  const systemState = join(folder, 'state')
  mkdirSync(home, { mode: 0o700 })

  const together = [1, 2].map(() => startMember(dataDir, { systemState }))
  await Promise.all(together.map((member) => member.joined()))
  const lines = together
    .flatMap((member) => member.log().trim().split('\n'))
    .filter((line) => line.includes('the database lives in'))
  assert.equal(lines.length, 1)
  await together[0]!.sql('create table kept as select 3 as n')
  await Promise.all(together.map((member) => member.leave()))

  assert.equal(statSync(home).mode & 0o777, 0o700)
  const place = realpathSync(join(dataDir, 'postgres'))
  assert.ok(place.startsWith(`${systemState}/`))
  assert.equal(databasesIn(systemState).length, 1)

  const later = startMember(dataDir, { systemState })
  await later.joined()
  assert.equal(later.log(), '')
  assert.deepEqual(await later.sql('select n from kept'), { rows: [{ n: 3 }] })
  await later.leave()

  // Whoever removes DATA_DIR wants to begin anew; the files left behind are not taken up again.
  renameSync(dataDir, join(home, 'removed'))
  const anew = startMember(dataDir, { systemState })
  await anew.joined()
  assert.deepEqual(await anew.sql('select n from kept'), { error: 'relation "kept" does not exist' })
  await anew.leave()
})

test('a cluster that its user can no longer reach is copied to where they can', async (t) => {
  if (!isRoot) return t.skip('needs root')
  const folder = scratch(t)
  const home = join(folder, 'home')
  const dataDir = join(home, 'data')
  const systemState = join(folder, 'state')
  mkdirSync(home)
  const before = startMember(dataDir, { systemState })
  await before.joined()
  await before.sql('create table kept as select 3 as n')
  await before.leave()
  assert.deepEqual(databasesIn(systemState), [])

  chmodSync(home, 0o700)
  const after = startMember(dataDir, { systemState })
  await after.joined()
  assert.match(after.log(), /the database was copied to .*, its old files are in .*\/data\/postgres\.copied/)
  assert.deepEqual(await after.sql('select n from kept'), { rows: [{ n: 3 }] })
  await after.leave()
  assert.equal(lstatSync(join(dataDir, 'postgres')).isSymbolicLink(), true)

  // As a kill leaves it between the two renames.
  rmSync(join(dataDir, 'postgres'))
  const recovered = startMember(dataDir, { systemState })
  await recovered.joined()
  assert.deepEqual(await recovered.sql('select n from kept'), { rows: [{ n: 3 }] })
  await recovered.leave()
  assert.equal(statSync(home).mode & 0o777, 0o700)
})

/** The clusters in the system's state folder, which has a folder for each DATA_DIR and one for the program. */
function databasesIn(systemState: string): string[] {
  if (!existsSync(systemState)) return []
  return readdirSync(systemState).flatMap((each) =>
    readdirSync(join(systemState, each)).filter((name) => name.startsWith('database-')),
  )
}
