import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { MIGRATIONS } from '../../../src/lib/db/folder.ts'
import { listMigrations, migrate, requireCurrent, schemaState } from '../../../src/lib/db/migrate.ts'
import { OperatorError } from '../../../src/lib/errors.ts'
import { emptyDatabase, silentLog, testDatabase } from '../../database.ts'

const FILES = {
  '0001_shop.sql': 'create table shop (id int primary key);\ninsert into shop values (1);\n',
  '0002_city.sql': 'alter table shop add column city text;\n',
}

test('the template that tests clone is on the newest schema', async (t) => {
  const { db } = await testDatabase(t)
  assert.equal(await schemaState(db, MIGRATIONS), 'current')
})

test('files are applied once, in order, however many processes start together', async (t) => {
  const { connection, db, pool } = await emptyDatabase(t)
  const folder = migrations(t, FILES)
  assert.equal(await schemaState(db, folder), 'behind')
  await assert.rejects(
    requireCurrent(db, folder),
    operatorError(/is behind this program: run "npm run -s openhaul -- migrate"/),
  )
  const applied = await Promise.all([1, 2, 3, 4].map(() => migrate(connection, folder, silentLog)))
  assert.deepEqual(
    applied.filter((names) => names.length > 0),
    [Object.keys(FILES)],
  )
  assert.equal(await schemaState(db, folder), 'current')
  await requireCurrent(db, folder)
  assert.deepEqual((await pool.query('select * from shop')).rows, [{ id: 1, city: null }])

  const more = migrations(t, { ...FILES, '0003_more.sql': 'create table more ();' })
  assert.deepEqual(await migrate(connection, more, silentLog), ['0003_more.sql'])
  assert.equal(await schemaState(db, folder), 'newer')
})

test('other line ends are no change; other text is', async (t) => {
  const { connection, db } = await emptyDatabase(t)
  await migrate(connection, migrations(t, FILES), silentLog)
  const crlf = Object.fromEntries(Object.entries(FILES).map(([name, text]) => [name, text.replaceAll('\n', '\r\n')]))
  assert.equal(await schemaState(db, migrations(t, crlf)), 'current')
  const changed = migrations(t, { ...FILES, '0002_city.sql': 'alter table shop add column town text;' })
  assert.equal(await schemaState(db, changed), 'changed')
  await assert.rejects(requireCurrent(db, changed), operatorError(/made by other migrations/))
  await assert.rejects(
    migrate(connection, changed, silentLog),
    operatorError(/0002_city\.sql was changed after it was applied/),
  )
})

test('a database that does not fit the folder is left alone', async (t) => {
  const { connection, pool } = await emptyDatabase(t)
  await migrate(connection, migrations(t, FILES), silentLog)
  const cases: [Record<string, string>, RegExp][] = [
    [{ '0001_shop.sql': FILES['0001_shop.sql'] }, /newer than this program: it has the migration 0002_city\.sql/],
    [
      { '0000_late.sql': 'select 1', ...FILES },
      /0000_late\.sql is missing from the database, which already has 0002_city/,
    ],
    [{ ...FILES, '0003 space.sql': 'select 1' }, /^0003 space\.sql in .* is not a migration: name it NNNN_name\.sql/],
    [{ ...FILES, '0002_twice.sql': 'select 1' }, /^0002_twice\.sql in .* is not a migration/],
    [{ ...FILES, '3_short.sql': 'select 1' }, /^3_short\.sql in .* is not a migration/],
  ]
  for (const [files, message] of cases) {
    await assert.rejects(migrate(connection, migrations(t, files), silentLog), operatorError(message))
  }
  const { rows } = await pool.query('select name from schema_migration order by name')
  assert.deepEqual(rows, [{ name: '0001_shop.sql' }, { name: '0002_city.sql' }])
})

test('a file that fails leaves nothing of itself, keeps those before, and names its line', async (t) => {
  const { connection, db, pool } = await emptyDatabase(t)
  const folder = migrations(t, { ...FILES, '0003_bad.sql': 'create table half ();\n\nselect nothing_like_it;' })
  await assert.rejects(migrate(connection, folder, silentLog), {
    message: 'Migration 0003_bad.sql failed at line 3: column "nothing_like_it" does not exist',
  })
  const { rows } = await pool.query(`select tablename from pg_tables where schemaname = 'public' order by 1`)
  assert.deepEqual(rows, [{ tablename: 'schema_migration' }, { tablename: 'shop' }])
  assert.equal(await schemaState(db, folder), 'behind')
})

test('a table that others hold is waited for three seconds', async (t) => {
  const { connection, pool } = await emptyDatabase(t)
  const folder = migrations(t, { '0001_shop.sql': FILES['0001_shop.sql'] })
  await migrate(connection, folder, silentLog)
  const holder = await pool.connect()
  await holder.query('begin; select from shop')
  const startedAtMs = performance.now()
  await assert.rejects(
    migrate(connection, migrations(t, FILES), silentLog),
    operatorError(/waited too long for a table/),
  )
  assert.ok(performance.now() - startedAtMs > 2_900)
  await holder.query('commit')
  holder.release()
  assert.deepEqual(await migrate(connection, migrations(t, FILES), silentLog), ['0002_city.sql'])
})

test('a folder lists its files only', async (t) => {
  const folder = migrations(t, { '0001_a.sql': 'a\r\nb', 'README.md': 'not one' })
  assert.deepEqual(await listMigrations(folder), [
    {
      name: '0001_a.sql',
      statements: 'a\nb',
      checksum: '7e18f737311b2dc3b2f269dd78396b0351f14fb66efa879f768cb23181883c78',
    },
  ])
})

function migrations(t: TestContext, files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'openhaul-migrations-'))
  t.after(() => rmSync(folder, { recursive: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}

function operatorError(message: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof OperatorError, String(error))
    assert.match(error.message, message)
    return true
  }
}
