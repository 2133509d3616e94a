import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseCronItems } from 'graphile-worker'
import { timedJobs } from '../src/jobs.ts'
import { readConfig } from '../src/config.ts'
import { systemClock } from '../src/lib/clock.ts'
import { givenKeys } from '../src/risk/keys/key-store.ts'
import { openRiskKeys } from '../src/risk/list/generations.ts'
import { silentLog, testDatabase } from './database.ts'
import { manualClock } from './products/sources/manual-clock.ts'

const REST = {
  log: silentLog,
  config: readConfig({}),
  closing: new AbortController().signal,
  riskKeys: openRiskKeys(givenKeys([])),
}

test('all timed work has a name of its own and a schedule, and finds nothing to do in a new database', async (t) => {
  const { db } = await testDatabase(t, { own: true })
  const jobs = timedJobs({ ...REST, db, clock: systemClock })
  assert.deepEqual(
    jobs.map(({ name, cron }) => [name, cron]),
    [
      ['renew subscriptions', '* * * * *'],
      ['expire holds', '* * * * *'],
      ['run due timers', '* * * * *'],
      ['void cut-off charges', '*/5 * * * *'],
      ['make usage partitions', '7 * * * *'],
      ['drop old usage', '17 * * * *'],
      ['drop old news', '27 * * * *'],
      ['drop old pictures of the index', '47 * * * *'],
      ['tell of dropped prices', '57 * * * *'],
      ['drop old quotes', '53 * * * *'],
      ['wrap the risk list by its newest key', '*/5 * * * *'],
      ['drop what has ended of the risk list', '13 * * * *'],
      ['drop what was kept of old orders', '23 * * * *'],
      ['drop old codes and statements of disputes', '43 * * * *'],
      ['drop old idempotency records', '37 * * * *'],
    ],
  )
  assert.equal(parseCronItems(jobs.map(({ name, cron }) => ({ task: name, match: cron }))).length, jobs.length)
  // On two nodes at once, as may happen.
  await Promise.all([...jobs, ...jobs].map(({ run }) => run()))
})

test('what is past its time goes, and the months to come are made', async (t) => {
  const { db, pool } = await testDatabase(t, { own: true })
  const now = '2032-06-15T00:00:00Z'
  await pool.query(`insert into account (id, name, created_at) values (7, 'x', now())`)
  await pool.query(
    `insert into outbox (at, account_id, event, body) values ('2032-05-15Z', 7, 'a.old', '{}'), ('2032-06-14Z', 7, 'a.young', '{}')`,
  )
  await pool.query(
    `insert into idempotency (account_id, route, key, fingerprint, instance, created_at)
     values (7, 'POST /x', 'old', '', 1, '2032-06-13T23:59:59Z'), (7, 'POST /x', 'young', '', 1, '2032-06-14T12:00:00Z')`,
  )
  await pool.query(
    `insert into usage_event (at, request_id, account_id, key_id, product, operation, tid)
     values ('2031-01-01Z', 'old', 7, 1, 'qc', 'x', null), ('2032-05-15Z', 'blank', 7, 1, 'qc', 'x', 't'), ('2032-06-14Z', 'young', 7, 1, 'qc', 'x', 't')`,
  )
  for (const job of timedJobs({ ...REST, db, clock: manualClock(now) })) await job.run()
  const { rows } = await pool.query(
    `select (select array_agg(event) from outbox) as news, (select array_agg(key) from idempotency) as keys,
       (select json_object_agg(request_id, tid order by at) from usage_event) as events,
       to_regclass('usage_event_203208') is not null as "hasAugust"`,
  )
  assert.deepEqual(rows, [{ news: ['a.young'], keys: ['young'], events: { blank: null, young: 't' }, hasAugust: true }])
})
