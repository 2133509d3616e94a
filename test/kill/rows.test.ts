import assert from 'node:assert/strict'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import test from 'node:test'
import pg from 'pg'
import { scratch } from '../lib/db/members.ts'
import { killCount, killRepeatedly, lifeTable, type Scenario } from './kills.ts'

const scenario: Scenario<number> = {
  program: () => ({ args: [join(import.meta.dirname, 'row-writer.ts')] }),
  async drive(child, acknowledge) {
    for await (const line of createInterface({ input: child.stdout! })) acknowledge(Number(line))
  },
  async verify(connection, acknowledged) {
    const client = new pg.Client(connection)
    await client.connect()
    try {
      const { rows } = await client.query<{ missing: number[] | null; torn: number[] | null }>(
        `select
           (select array_agg(n::int) from unnest($1::bigint[]) n where n not in (select number from pair)) as missing,
           (select array_agg(number::int) from (select number from pair group by number having count(*) <> 2) p) as torn`,
        [acknowledged],
      )
      assert.deepEqual(rows, [{ missing: null, torn: null }])
    } finally {
      await client.end()
    }
  },
}

test(
  'no acknowledged row is lost, and no transaction is torn, by kills of node and of its postmaster',
  { timeout: 600_000 },
  async (t) => {
    const kills = killCount()
    const lives = await killRepeatedly({ scenario, dataDir: join(scratch(t), 'data'), kills, random: Math.random })
    t.diagnostic(`\n${lifeTable(lives)}`)
    assert.deepEqual(lives.length, kills + 1)
    assert.ok(lives.every(({ acknowledged }) => acknowledged > 0))
  },
)
