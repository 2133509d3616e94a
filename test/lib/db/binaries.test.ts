import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { OperatorError } from '../../../src/lib/errors.ts'
import { findBinaries, mendLinks, reachableBinaries } from '../../../src/lib/db/binaries.ts'
import { folderHash } from '../../../src/lib/db/socket-folder.ts'
import { serverUser } from '../../../src/lib/db/server-user.ts'
import { silentLog } from '../../database.ts'
import { isRoot } from './members.ts'

test('the installed package is found', async () => {
  const { folder, version, major } = await findBinaries()
  assert.deepEqual(readdirSync(join(folder, 'bin')).sort(), ['initdb', 'pg_ctl', 'postgres'])
  assert.equal(major, Number(version.split('.')[0]))
})

test('a platform without a package is told what to do', async () => {
  await assert.rejects(
    findBinaries('plan9-mips'),
    new OperatorError(
      'No embedded PostgreSQL is installed for plan9-mips: run npm ci without --omit=optional, or set DATABASE_URL to a PostgreSQL server.',
    ),
  )
})

test('links that no install script made are made at the start', async (t) => {
  const native = join(scratch(t), 'native')
  mkdirSync(join(native, 'lib'), { recursive: true })
  writeFileSync(join(native, 'lib', 'libx.so.1.2'), 'x')
  const links = ['libx.so', 'libx.so.1'].map((name) => ({
    source: 'native/lib/libx.so.1.2',
    target: `native/lib/${name}`,
  }))
  writeFileSync(join(native, 'pg-symlinks.json'), JSON.stringify(links))
  await Promise.all([mendLinks(native), mendLinks(native)])
  await mendLinks(native)
  assert.deepEqual(
    links.map(({ target }) => readlinkSync(join(native, '..', target))),
    ['libx.so.1.2', 'libx.so.1.2'],
  )
})

test('binaries in a closed home are copied once to where the service user reaches them', async (t) => {
  if (!isRoot) return t.skip('needs root')
  const user = serverUser(null)
  const top = scratch(t)
  chmodSync(top, 0o755)
  const home = join(top, 'home')
  const native = join(home, 'native')
  mkdirSync(join(native, 'bin'), { recursive: true })
  writeFileSync(join(native, 'bin', 'postgres'), 'program', { mode: 0o755 })
  const installed = { folder: native, version: '18.4.0', major: 18 }
  const state = join(top, 'state')
  assert.deepEqual(await reachableBinaries(installed, user, state, silentLog), installed)
  assert.equal(existsSync(state), false)

  chmodSync(home, 0o700)
  const moved = { ...installed, folder: join(state, folderHash(native), 'postgres-18.4.0') }
  assert.deepEqual(await Promise.all([1, 2].map(() => reachableBinaries(installed, user, state, silentLog))), [
    moved,
    moved,
  ])
  assert.deepEqual(await reachableBinaries(installed, user, state, silentLog), moved)
  assert.equal(readFileSync(join(moved.folder, 'bin', 'postgres'), 'utf8'), 'program')
  assert.deepEqual(readdirSync(state), [folderHash(native)])
  assert.deepEqual(readdirSync(join(state, folderHash(native))), ['postgres-18.4.0'])
  assert.equal(statSync(home).mode & 0o777, 0o700)
})

function scratch(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'openhaul-binaries-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return folder
}
