import assert from 'node:assert/strict'
import { existsSync, statSync } from 'node:fs'
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { test, type TestContext } from 'node:test'
import { type Blobs, fileBlobs } from '../../src/lib/blobs.ts'

async function scene(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'openhaul-blobs-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return { folder, blobs: fileBlobs(join(folder, 'blobs')) }
}

async function namesOf(blobs: Blobs): Promise<string[]> {
  const names: string[] = []
  for await (const name of blobs.list()) names.push(name)
  return names.sort()
}

/** Notes what is flushed to disk; `note` hears of each flush which of `paths` it was of. */
async function watchFlushes(t: TestContext, paths: string[], note: (path: string) => void): Promise<void> {
  const handle = await open(tmpdir(), 'r')
  const prototype = Object.getPrototypeOf(handle) as FileHandle
  await handle.close()
  const sync = prototype.sync
  t.mock.method(prototype, 'sync', async function (this: FileHandle) {
    await sync.call(this)
    const { ino } = await this.stat()
    note(paths.find((path) => existsSync(path) && statSync(path).ino === ino) ?? 'a file under another name')
  })
}

test('bytes come back, whole and under their name', async (t) => {
  const { blobs } = await scene(t)
  assert.equal(await blobs.get('a/b.jpg'), null)
  assert.deepEqual(await namesOf(blobs), [])
  await blobs.put('a/b.jpg', Buffer.from('one'))
  await blobs.put('a/b.jpg', Buffer.from('two'))
  await blobs.put('c', Buffer.alloc(0))
  assert.deepEqual(await blobs.get('a/b.jpg'), Buffer.from('two'))
  assert.deepEqual(await namesOf(blobs), ['a/b.jpg', 'c'])
  await blobs.delete('a/b.jpg')
  await blobs.delete('a/b.jpg')
  assert.deepEqual(await namesOf(blobs), ['c'])
})

test('a name that is none touches nothing', async (t) => {
  const { blobs } = await scene(t)
  for (const name of ['', '/a', 'a/', '../a', 'a/../b', 'A', 'a b', 'a\0', '.a', 'a//b', 'x'.repeat(201)]) {
    for (const act of [blobs.get(name), blobs.put(name, Buffer.alloc(1)), blobs.delete(name)]) {
      await assert.rejects(act, /^Error: not a blob name/, JSON.stringify(name))
    }
  }
})

test('put returns when the bytes, their name and new folders are on disk', async (t) => {
  const { folder, blobs } = await scene(t)
  const below = (path: string) => join(folder, path)
  const paths = ['', 'blobs', 'blobs/a', 'blobs/a/b', 'blobs/a/b/c.jpg'].map(below)
  const flushed: string[] = []
  await watchFlushes(t, paths, (path) => flushed.push(path.startsWith(folder) ? relative(folder, path) || '.' : path))

  await blobs.put('a/b/c.jpg', Buffer.from('one'))
  assert.deepEqual(flushed.splice(0), ['a file under another name', 'blobs/a/b', 'blobs/a', 'blobs', '.'])
  await blobs.put('a/b/c.jpg', Buffer.from('two'))
  assert.deepEqual(flushed.splice(0), ['a file under another name', 'blobs/a/b'])
})
