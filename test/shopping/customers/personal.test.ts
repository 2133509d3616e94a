import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openLog } from '../../../src/lib/log.ts'
import { PII_COLUMNS } from '../../../src/shopping/customers/person.ts'
import { testDatabase } from '../../database.ts'

const camelCase = (name: string) => name.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())

/** What a log line says of these fields. */
function logged(fields: object): string {
  const lines: string[] = []
  openLog('info', { write: (line) => void lines.push(line) }).info(fields, 'a line')
  return lines.join('')
}

test('every column of text in the tables of persons is on the list', async (t) => {
  const { pool } = await testDatabase(t)
  const { rows } = await pool.query<{ table: string; column: string }>(
    `select table_name as table, column_name as column from information_schema.columns
     where table_schema = 'public' and table_name = any($1) and data_type in ('text', 'jsonb')`,
    [['customer', 'address', 'favorite']],
  )
  const listed = PII_COLUMNS.map((names) => names.join('.')).sort()
  assert.deepEqual(rows.map(({ table, column }) => `${table}.${column}`).sort(), listed)
})

test('no log line tells what such a column holds, however deep it lies', () => {
  for (const [table, column] of PII_COLUMNS) {
    for (const name of [column, camelCase(column)]) {
      for (const fields of [
        { [table]: { [name]: 'Ada Moss' } },
        { body: { data: [{ [name]: 'Ada Moss' }] } },
        { request: { [table]: { [name]: 'Ada Moss' }, id: 7 } },
      ]) {
        const line = logged(fields)
        assert.ok(line.includes('[personal]') && !line.includes('Ada Moss'), `${name}: ${line}`)
      }
    }
  }
  for (const name of ['email', 'phone', 'zipCode', 'username']) {
    assert.ok(!logged({ [name]: 'Ada Moss' }).includes('Ada Moss'), name)
  }
})

test('nor in an object of another make', () => {
  class Letter {
    to = { phone: '555 0100' }
    email = 'ada@example.test'
  }
  const bare = Object.assign(Object.create(null) as object, { email: 'ada@example.test' })
  for (const line of [logged({ letter: new Letter() }), logged({ bare })]) {
    assert.ok(line.includes('[personal]') && !/555|ada@/.test(line), line)
  }
})

test('nor the row that the database refused', async (t) => {
  const { pool } = await testDatabase(t)
  const refused = pool.query(
    `insert into address (account_id, name, phone, country, city, address, is_default, created_at)
     values (1, 'Ada Moss', '1', 'nowhere', 'c', 'a', true, '2026-01-01')`,
  )
  const error = (await refused.catch((failure: unknown) => failure)) as Error & { detail: string }
  assert.match(error.detail, /Ada Moss/)
  for (const line of [logged({ err: error }), logged({ why: { first: error } })]) {
    assert.ok(line.includes('address_country_check') && !line.includes('Ada Moss'), line)
  }
})

test('everything else is logged as it is', () => {
  const circle: { name?: string; self?: object } = {}
  circle.self = circle
  const at = new Date('2026-01-01T00:00:00Z')
  const { time: _, ...line } = JSON.parse(
    logged({ address: 'https://shop.test/1.webp', at, n: 0, list: [1, null], no: null }),
  )
  assert.deepEqual(line, {
    level: 30,
    address: 'https://shop.test/1.webp',
    at: at.toISOString(),
    n: 0,
    list: [1, null],
    no: null,
    msg: 'a line',
  })
  assert.match(logged({ circle }), /\[deep\]/)
  assert.equal(JSON.parse(logged({ err: 'no error at all' })).err, 'no error at all')
})
