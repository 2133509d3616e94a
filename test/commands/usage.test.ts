import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type pg from 'pg'
import { seedUser } from '../access/usage/records.ts'
import { testDatabase } from '../database.ts'
import { scratch } from '../lib/db/members.ts'
import { run, type Ended } from '../process/program.ts'

const DAY_MS = 86_400_000

test('usage is told by day and for the month, for people and for programs', async (t) => {
  const { pool, ask, user } = await scene(t)
  const { accountId, twinId, name, keyId } = user
  const [today, yesterday] = [dayText(0), dayText(1)]
  await addDay(pool, accountId, keyId, { product: 'item', operation: 'getItem', day: today, calls: 3, cost: 8000 })
  await addDay(pool, accountId, keyId, { product: 'item', operation: 'getPrice', day: today, calls: 1, cost: 4000 })
  await addDay(pool, accountId, keyId, { product: 'qc', operation: 'getProduct', day: today, calls: 5, cost: 0 })
  await addDay(pool, accountId, keyId, { product: 'qc', operation: 'getProduct', day: yesterday, calls: 7, cost: 0 })
  await addDay(pool, accountId, keyId, { product: 'qc', operation: 'getProduct', day: dayText(2), calls: 9, cost: 0 })
  const inMonth = [today, yesterday, dayText(2)].filter((day) => day.slice(0, 7) === today.slice(0, 7)).length
  const monthCalls = [5, 12, 21][inMonth - 1]!

  const sums = (calls: number, cost: string) => {
    return { calls, billed: calls - 1, errors: 1, bytes: calls * 1000, cost_usd: cost, duration_ms_mean: 1.5 }
  }
  const month = (product: string, calls: number, ofDays: number, cost: string) => {
    return { product, ...sums(calls, cost), billed: calls - ofDays, errors: ofDays }
  }
  assert.deepEqual(JSON.parse((await ask('--account', name, '--days', '2', '--json')).stdout), {
    account_id: accountId,
    from: yesterday,
    to: today,
    days: [
      { day: yesterday, product: 'qc', operation: 'getProduct', ...sums(7, '0.00') },
      { day: today, product: 'item', operation: 'getItem', ...sums(3, '0.008') },
      { day: today, product: 'item', operation: 'getPrice', ...sums(1, '0.004') },
      { day: today, product: 'qc', operation: 'getProduct', ...sums(5, '0.00') },
    ],
    month: {
      bucket: Number(today.replaceAll('-', '').slice(0, 6)),
      products: [month('item', 4, 2, '0.012'), month('qc', monthCalls, inMonth, '0.00')],
    },
  })
  const { stdout } = await ask('--account', String(accountId), '--days', '1')
  assert.equal(
    stdout,
    `Calls of account ${accountId} "${name}" from ${today} to ${today}, UTC.

DAY         PRODUCT  OPERATION   CALLS  BILLED  ERRORS  KB  COST USD  MEAN MS
${today}  item     getItem     3      2       1       3   0.008     1.5
${today}  item     getPrice    1      0       1       1   0.004     1.5
${today}  qc       getProduct  5      4       1       5   0.00      1.5

This month, ${today.slice(0, 7)}:

PRODUCT  CALLS  BILLED  ERRORS  KB  COST USD  MEAN MS
item     4      2       2       4   0.012     1.5
qc       ${String(monthCalls).padEnd(5)}  ${String(monthCalls - inMonth).padEnd(6)}  ${String(inMonth).padEnd(6)}  ${String(monthCalls).padEnd(2)}  0.00      1.5
`,
  )
  assert.equal(
    (await ask('--account', name, '--sandbox', '--days', '1')).stdout,
    `No calls of the sandbox of account ${accountId} "${name}" from ${today} to ${today}, UTC.\n`,
  )
  assert.equal(JSON.parse((await ask('--account', name, '--sandbox', '--json')).stdout).account_id, twinId)
})

test('the log tells cost, what paid, the entry in the ledger and what was left', async (t) => {
  const { pool, ask, user } = await scene(t)
  const { accountId, name, keyId } = user
  const at = new Date(Date.now() - 60_000)
  const older = new Date(at.getTime() - 1_000)
  await pool.query(
    `insert into usage_event (at, request_id, account_id, key_id, product, operation, status, pot, cost_usd_micros,
       transfer_id, balance_after_usd_micros, bytes, duration_us, tid)
     values ($3, 'req_1', $1, $2, 'item', 'getItem', 200, 'balance', 4000, 77, 996000, 2048, 1500, E'order\\n7\\u001b[2J'),
       ($4, 'req_0', $1, $2, 'qc', 'getProduct', 404, 'qc.month', 0, null, null, 100, 250, null)`,
    [accountId, keyId, at, older],
  )
  const paid = {
    at: at.toISOString(),
    request_id: 'req_1',
    account_id: accountId,
    key_id: keyId,
    product: 'item',
    operation: 'getItem',
    status: 200,
    paid_by: 'balance',
    cost_usd: '0.004',
    ledger_transfer_id: 77,
    balance_after_usd: '0.996',
    bytes: 2048,
    duration_ms: 1.5,
    tid: 'order\n7\u001b[2J',
  }
  const free = {
    ...paid,
    at: older.toISOString(),
    request_id: 'req_0',
    product: 'qc',
    operation: 'getProduct',
    status: 404,
    paid_by: 'qc.month',
    cost_usd: '0.00',
    ledger_transfer_id: null,
    balance_after_usd: null,
    bytes: 100,
    duration_ms: 0.25,
    tid: null,
  }
  const log = async (...args: string[]) => JSON.parse((await ask('--account', name, '--log', '--json', ...args)).stdout)
  assert.deepEqual(await log(), { events: [paid, free], next: null })
  assert.deepEqual(await log('--status', '404'), { events: [free], next: null })
  assert.deepEqual(await log('--request', 'req_1', '--product', 'item'), { events: [paid], next: null })
  const first = await log('--limit', '1')
  assert.deepEqual(first.events, [paid])
  assert.deepEqual(await log('--limit', '1', '--before', first.next), { events: [free], next: null })

  const { stdout } = await ask('--account', name, '--log')
  assert.deepEqual(
    stdout.split('\n').map((line) => line.split(/ {2,}/)),
    [
      [
        'AT',
        'STATUS',
        'PRODUCT',
        'OPERATION',
        'KEY',
        'PAID BY',
        'COST USD',
        'LEDGER',
        'BALANCE AFTER',
        'MS',
        'TID',
        'REQUEST',
      ],
      [
        paid.at,
        '200',
        'item',
        'getItem',
        String(keyId),
        'balance',
        '0.004',
        '77',
        '0.996',
        '1.5',
        'order?7?[2J',
        'req_1',
      ],
      [free.at, '404', 'qc', 'getProduct', String(keyId), 'qc.month', '-', '-', '-', '0.25', '-', 'req_0'],
      [''],
    ],
  )
  const exported = (await ask('--account', name, '--export')).stdout.trimEnd().split('\n')
  assert.deepEqual(
    exported.map((line) => JSON.parse(line) as unknown),
    [free, paid],
  )
})

test('an export is streamed, and whoever reads it may stop', async (t) => {
  const { pool, ask, user, dataDir, env } = await scene(t)
  await pool.query(
    `insert into usage_event (at, request_id, account_id, key_id, product, operation)
     select now() - n * interval '1 second', 'req_' || n, $1, $2, 'qc', 'x' from generate_series(1, 20000) n`,
    [user.accountId, user.keyId],
  )
  const args = ['--account', user.name, '--export', '--days', '2']
  const all = (await ask(...args)).stdout.trimEnd().split('\n')
  assert.equal(all.length, 20_000)
  assert.equal((JSON.parse(all.at(-1)!) as { request_id: string }).request_id, 'req_1')

  const bin = join(import.meta.dirname, '../../bin/openhaul.mjs')
  const child = spawn(process.execPath, [bin, 'usage', ...args], { env: { ...process.env, ...env, DATA_DIR: dataDir } })
  let told = ''
  child.stderr.on('data', (text: Buffer) => (told += String(text)))
  await once(child.stdout, 'data')
  child.stdout.destroy()
  const [code] = (await once(child, 'close')) as [number]
  assert.deepEqual([code, told], [0, ''])
})

test('calls that were cut off are listed, of all accounts or of one', async (t) => {
  const { pool, ask, user } = await scene(t)
  const at = new Date(Date.now() - 60_000)
  await pool.query(
    `insert into usage_event (at, request_id, account_id, key_id, product, operation, status, transfer_id, balance_after_usd_micros)
     values ($3, 'req_cut', $1, $2, 'item', 'getItem', null, 78, 1000000), ($3, 'req_fine', $1, $2, 'item', 'getItem', 200, null, null)`,
    [user.accountId, user.keyId, at],
  )
  for (const args of [[], ['--account', user.name]]) {
    const { events } = JSON.parse((await ask('--cut-off', '--json', ...args)).stdout) as { events: object[] }
    assert.deepEqual(
      events.map((event) => ({ ...event })),
      [
        {
          at: at.toISOString(),
          request_id: 'req_cut',
          account_id: user.accountId,
          key_id: user.keyId,
          product: 'item',
          operation: 'getItem',
          status: null,
          paid_by: null,
          cost_usd: '0.00',
          ledger_transfer_id: 78,
          balance_after_usd: '1.00',
          bytes: 0,
          duration_ms: null,
          tid: null,
        },
      ],
    )
  }
  const cells = async (...args: string[]) =>
    (await ask('--cut-off', ...args)).stdout.split('\n').map((line) => line.split(/ {2,}/).slice(0, 3))
  assert.deepEqual(await cells('--account', user.name), [
    ['AT', 'STATUS', 'PRODUCT'],
    [at.toISOString(), 'cut off', 'item'],
    [''],
  ])
  assert.deepEqual(await cells(), [
    ['AT', 'ACCOUNT', 'STATUS'],
    [at.toISOString(), `${user.accountId} ${user.name}`, 'cut off'],
    [''],
  ])
  await pool.query(`update usage_event set account_id = $1 where request_id = 'req_cut'`, [user.twinId])
  assert.deepEqual((await cells())[1], [at.toISOString(), `${user.twinId} ${user.name}, sandbox`, 'cut off'])
  assert.equal((await ask('--cut-off', '--account', user.name)).stdout, 'No calls were cut off in 30 days.\n')
})

test('what does not go together is refused in one line', async (t) => {
  const { ask, user } = await scene(t)
  const refusals: [string[], string][] = [
    [[], 'Say whose usage: --account NAME, or its number.'],
    [['--account', 'nobody'], 'There is no account "nobody"; make it with: account create --name "nobody"'],
    [['--account', user.name, '--log', '--export'], 'Give one of --log, --export and --cut-off.'],
    [
      ['--account', user.name, '--tid', 'x'],
      '--tid, --request, --status, --key and --product choose from --log or --export; give one of those too.',
    ],
    [['--account', user.name, '--before', 'x'], '--before turns the pages of --log; give that too.'],
    [['--account', user.name, '--limit', '5'], '--limit is for --log and --cut-off; give one of those too.'],
    [['--account', user.name, '--log', '--before', 'x'], 'This cursor is not one of ours; begin without one.'],
    [['--days', '0'], "option '--days <count>' argument '0' is invalid. Give a whole number from 1 to 1000."],
  ]
  for (const [args, words] of refusals) {
    assert.deepEqual(await ask(...args), { code: 1, stdout: '', stderr: `openhaul: ${words}\n` })
  }
})

async function scene(t: TestContext) {
  const database = await testDatabase(t, { own: true })
  const { user: role, host, port, database: name } = database.connection
  const env = { DATABASE_URL: `postgres://${role}@/${name}?host=${host}&port=${port}` }
  const dataDir = join(scratch(t), 'data')
  const ask = (...args: string[]): Promise<Ended> => run(dataDir, ['usage', ...args], env)
  return { pool: database.pool, ask, env, dataDir, user: await seedUser(database) }
}

function dayText(ago: number): string {
  return new Date(Date.now() - ago * DAY_MS).toISOString().slice(0, 10)
}

/** All but one of the calls are billed, and that one is an error; each took 1.5 ms and 1,000 bytes. */
async function addDay(
  pool: pg.Pool,
  accountId: number,
  keyId: number,
  {
    product,
    operation,
    day,
    calls,
    cost,
  }: { product: string; operation: string; day: string; calls: number; cost: number },
): Promise<void> {
  const values = [accountId, keyId, product, operation, day, calls, calls - 1, calls * 1000, cost, calls * 1500]
  await pool.query('select usage_day_add($1, $2, $3, $4, $5, $6, $7, 1, $8, $9, $10)', values)
}
