import assert from 'node:assert/strict'
import test from 'node:test'
import { sql } from 'kysely'
import { testDatabase } from '../../database.ts'

test('types', async (t) => {
  const { db } = await testDatabase(t)
  const { rows } =
    await sql`select 7::int8 as big, array[1,2]::int8[] as list, 1.50::numeric as n, '2026-01-02'::date as d, timestamptz '2026-01-02 03:04:05+00' as at`.execute(
      db,
    )
  assert.deepEqual(rows, [{ big: 7, list: [1, 2], n: '1.50', d: '2026-01-02', at: new Date('2026-01-02T03:04:05Z') }])
})
