import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { backup } from '../../src/commands/backup.ts'
import { restore } from '../../src/commands/restore.ts'
import { readConfig } from '../../src/config.ts'
import { openBlobs } from '../../src/ctx.ts'
import { fileBlobs } from '../../src/lib/blobs.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { MIGRATIONS } from '../../src/lib/db/folder.ts'
import { openHttp } from '../../src/lib/http-client.ts'
import { startS3 } from '../../src/upstreams/s3.ts'
import { emptyDatabase, testDatabase } from '../database.ts'

/** What the settings of a local bucket open. */
async function bucket(t: TestContext) {
  const server = await startS3({ clock: systemClock, pageSize: 2 })
  const http = openHttp()
  t.after(async () => {
    await http.close()
    await server.stop()
  })
  return { server, blobs: openBlobs({ config: readConfig(server.env), http, clock: systemClock }) }
}

test('pictures of a bucket are backed up, and restored into another or into files', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'openhaul-backup-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const [from, to] = [await bucket(t), await bucket(t)]
  const pictures = Array.from({ length: 5 }, (_, at) => [`p/0${at}/x.webp`, Buffer.alloc(1_000, at)] as const)
  for (const [name, bytes] of pictures) await from.blobs.put(name, bytes)

  const { connection } = await testDatabase(t, { own: true })
  const file = join(folder, 'openhaul.backup')
  from.server.faults.push('http-500')
  await backup({ connection, blobs: from.blobs, file, now: new Date() })
  to.server.faults.push('slow-down')
  const files = fileBlobs(join(folder, 'blobs'))
  for (const blobs of [to.blobs, files]) {
    const empty = await emptyDatabase(t)
    const contents = await restore({ connection: empty.connection, migrations: MIGRATIONS, blobs, file })
    assert.equal(contents.blobs, 5)
    for (const [name, bytes] of pictures) assert.deepEqual(await blobs.get(name), bytes)
  }
  assert.deepEqual(to.server.objects, from.server.objects)
})
