import assert from 'node:assert/strict'
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { OperatorError } from '../../../src/lib/errors.ts'
import { ensureSocketFolder } from '../../../src/lib/db/socket-folder.ts'
import { serverUser } from '../../../src/lib/db/server-user.ts'
import { isRoot, nobody } from './members.ts'

const user = serverUser(null)

test("the folder is the server user's alone, and the same each time", (t) => {
  const temporary = scratch(t)
  const folder = ensureSocketFolder('/somewhere/data', user, temporary)
  assert.match(basename(folder), new RegExp(`^openhaul-${user.uid}-[0-9a-f]{12}$`))
  const { mode, uid } = statSync(folder)
  assert.deepEqual([mode & 0o777, uid], [0o700, user.uid])
  chmodSync(folder, 0o777)
  assert.equal(ensureSocketFolder('/somewhere/data', user, temporary), folder)
  assert.equal(statSync(folder).mode & 0o777, 0o700)
  assert.notEqual(ensureSocketFolder('/somewhere/else', user, temporary), folder)
})

test('a temporary folder too deep for a socket gives way to /tmp', (t) => {
  const dataDir = `/somewhere/${process.pid}`
  const longest = 103 - `/openhaul-${user.uid}-123456789012/.s.PGSQL.5432`.length
  const deepTemporary = (length: number) => {
    const folder = join(scratch(t), 'x'.repeat(length)).slice(0, length)
    mkdirSync(folder, { recursive: true })
    return folder
  }
  assert.equal(dirname(ensureSocketFolder(dataDir, user, deepTemporary(longest))).length, longest)
  const elsewhere = ensureSocketFolder(dataDir, user, deepTemporary(longest + 1))
  t.after(() => rmSync(elsewhere, { recursive: true }))
  assert.equal(dirname(elsewhere), '/tmp')
})

test('what someone else put in its place is refused and left alone', (t) => {
  const temporary = scratch(t)
  const place = ensureSocketFolder('/somewhere/data', user, temporary)
  const refuses = (name: string) => {
    assert.throws(
      () => ensureSocketFolder('/somewhere/data', user, temporary),
      (error) => error instanceof OperatorError && /belongs to someone else.*set TMPDIR/.test(error.message),
      name,
    )
    rmSync(place, { recursive: true })
  }
  rmSync(place, { recursive: true })
  mkdirSync(join(temporary, 'target'), { mode: 0o755 })
  symlinkSync(join(temporary, 'target'), place)
  refuses('a link')
  assert.deepEqual(
    [statSync(join(temporary, 'target')).mode & 0o777, readdirSync(join(temporary, 'target'))],
    [0o755, []],
  )
  writeFileSync(place, '')
  refuses('a file')
  if (!isRoot) return t.diagnostic("another user's folder needs root to try")
  mkdirSync(place)
  chownSync(place, nobody().uid, nobody().gid)
  refuses("another user's folder")
})

function scratch(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'oh-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return folder
}
