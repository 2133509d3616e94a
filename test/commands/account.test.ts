import assert from 'node:assert/strict'
import { test } from 'node:test'
import { monthBucket } from '../../src/lib/buckets.ts'
import { program } from './own-program.ts'

/** The terms of item without a subscription or an option. */
const PAYG = {
  per_second: 2,
  per_minute: null,
  quota: null,
  pot: { name: 'item.trial', period: 'month', limit: 10 },
  call_usd: '0.004',
  gb_included: 5,
  gb_usd: '0.20',
  features: [],
}
const TIME = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/

test('money that came in is credited, shown, audited, and the books are right', async (t) => {
  const { tell, say, refuse, attempt, pool } = await program(t)
  const { id, sandbox_id } = await tell<{ id: number; sandbox_id: number }>('account', 'create', '--name', 'shop')
  const credit = ['account', 'credit', '--account', 'shop', '--reason', 'bank 17']
  assert.deepEqual(await tell(...credit, '--usd', '25.5', '--name', 'i17'), {
    account_id: id,
    currency: 'USD',
    amount: '25.50',
    balance: '25.50',
    available: '25.50',
    transfer: 'credit:i17',
    repeated: false,
  })
  assert.equal(
    await say(...credit, '--usd', '25.5', '--name', 'i17'),
    `Credited before, nothing more now: the API balance of account ${id} "shop" has 25.50 USD.`,
  )
  assert.equal(
    await say(...credit, '--cny', '199.9', '--sandbox'),
    `Credited 199.90 CNY: the wallet of sandbox of account ${id} "shop" has 199.90 CNY.`,
  )

  for (const amount of ['0', '1.2345678']) {
    assert.equal(
      await refuse(...credit, '--usd', amount),
      `option '--usd <amount>' argument '${amount}' is invalid. ` +
        'Give more than zero and less than 10^9 dollars, such as 25 or 0.015, with at most 6 decimals.',
    )
  }
  assert.match(await refuse(...credit, '--cny', '1.999'), /with at most 2 decimals\.$/)
  assert.equal(await refuse(...credit), 'Give the amount as either --usd or --cny.')
  assert.equal(await refuse(...credit, '--usd', '1', '--cny', '1'), 'Give the amount as either --usd or --cny.')
  const nobody = ['account', 'credit', '--account', '77', '--usd', '1', '--reason', 'x']
  assert.equal(await refuse(...nobody), 'There is no account "77"; `account list` shows all.')

  const isSandbox = `${sandbox_id} is the sandbox of account ${id} "shop": give ${id} or shop, and --sandbox where its sandbox is meant.`
  assert.equal(await refuse('account', 'audit', '--account', String(sandbox_id)), isSandbox)
  const keyFor = ['key', 'create', '--style', 'qc', '--mode', 'test', '--account', String(sandbox_id)]
  assert.equal(await refuse(...keyFor), isSandbox)
  assert.match(
    await refuse('account', 'create', '--name', '77'),
    /^An account cannot be called "77": choose a name with /,
  )

  const entries = await tell<Record<string, unknown>[]>('account', 'audit', '--account', String(id))
  assert.deepEqual(
    entries.map(({ action, account_id, reason }) => [action, account_id, reason]),
    [
      ['account.credit', sandbox_id, 'bank 17'],
      ['account.credit', id, 'bank 17'],
      ['account.create', id, null],
    ],
  )
  for (const { at, actor } of entries) {
    assert.match(String(at), TIME)
    assert.match(String(actor), /^cli:\S+$/)
  }

  assert.deepEqual(await tell('ledger', 'check'), { ok: true, sum_usd: '0.00', sum_cny: '0.00', faults: [] })
  await pool.query(`update ledger_account set balance_minor = balance_minor + 1 where code = 'api:${id}'`)
  const { code, stdout } = await attempt('ledger', 'check', '--json')
  assert.equal(code, 1)
  assert.deepEqual(JSON.parse(stdout), {
    ok: false,
    sum_usd: '0.000001',
    sum_cny: '0.00',
    faults: [
      { kind: 'balance', subject: `api:${id}`, is_minor: 25_500_001, should_minor: 25_500_000 },
      { kind: 'sum', subject: 'USD', is_minor: 1, should_minor: 0 },
    ],
  })
  const words = (await attempt('ledger', 'check')).stdout.trimEnd().split('\n')
  assert.deepEqual([words[0], words.length], ['The books are wrong (micros of USD, fen of CNY):', 4])
})

test('plans and add-ons are given, previewed, bought and cancelled', async (t) => {
  const { tell, say, refuse } = await program(t)
  const { id } = await tell<{ id: number }>('account', 'create', '--name', 'shop')
  const own = (...args: string[]) => ['account', args[0]!, '--account', 'shop', '--product', 'item', ...args.slice(1)]
  assert.deepEqual(await tell(...own('set-plan', '--plan', 'custom', '--per-day', '9', '--per-second', 'unlimited')), {
    account_id: id,
    product: 'item',
    plan: 'custom',
    overrides: { per_second: null, per_day: 9 },
    former_overrides: {},
    terms: { ...PAYG, per_second: null, pot: { name: 'item.day', period: 'day', limit: 9 } },
    ended_subscription: false,
  })
  const custom = '--product qc --plan custom --per-minute 60 --per-month unlimited --features batch_and_images'.split(
    ' ',
  )
  await tell('account', 'set-plan', '--account', String(id), ...custom, '--reason', 'a friend')
  assert.equal(
    await say(...own('set-plan', '--plan', 'custom', '--price-usd', '0.001', '--gb-included', '2')),
    `Account ${id} is on custom of item from its next call: 2 calls a second; 0.001 USD a call; ` +
      '2 GB a month, then 0.20 USD each. The options of before are gone: --per-second unlimited --per-day 9.',
  )

  assert.match(await refuse(...own('set-plan', '--plan', 'gold')), /^"gold" is not a plan of item; choose from payg, /)
  assert.match(
    await refuse(...own('set-plan', '--plan', 'growth', '--features', 'batch_and_images')),
    /^"features" cannot be set on item/,
  )
  assert.match(
    await refuse(...own('set-plan', '--plan', 'growth', '--per-day', '5', '--charge')),
    /^A plan is bought as it is/,
  )
  assert.match(await refuse(...own('set-plan', '--plan', 'growth', '--per-second', '0')), /from 1, or unlimited\.$/)
  assert.match(
    await refuse('account', 'set-plan', '--account', 'shop', '--product', 'car', '--plan', 'x'),
    /Allowed choices/,
  )
  assert.match(await refuse(...own('add-on', '--add-on', 'turbo')), /^"turbo" is not an add-on of item/)
  assert.match(
    await refuse(...own('add-on', '--add-on', 'high_speed', '--remove', '--charge')),
    /^Give either --remove/,
  )
  assert.equal(
    await refuse(...own('set-plan', '--plan', 'starter', '--charge')),
    'starter of item takes 19.00 USD now, and the API balance has 0.00 USD.',
  )
  assert.match(
    await say(...own('set-plan', '--plan', 'starter', '--preview')),
    new RegExp(
      '^starter of item would take 19\\.00 USD from the API balance, paid until [\\dT:.-]+Z: 2 calls a second; ' +
        '1000 calls a day in advance, then 0\\.004 USD each; 5 GB a month, then 0\\.20 USD each\\. ' +
        'The options of before would be gone: --price-usd 0\\.001 --gb-included 2\\. ' +
        'The API balance has 0\\.00 USD, which does not cover it\\.$',
    ),
  )

  await tell('account', 'credit', '--account', 'shop', '--usd', '60', '--reason', 'bank')
  const preview = await tell(...own('set-plan', '--plan', 'starter', '--preview'))
  const bought = await tell(...own('set-plan', '--plan', 'starter', '--charge'))
  const { period_start_at, period_end_at } = bought
  assert.match(String(period_end_at), TIME)
  const whole = {
    account_id: id,
    product: 'item',
    kind: 'plan',
    offer: 'starter',
    charge_usd: '19.00',
    credit_usd: '0.00',
    former_overrides: { price_usd: '0.001', gb_included: 2 },
    terms: { ...PAYG, pot: { name: 'item.day', period: 'day', limit: 1_000 } },
  }
  assert.deepEqual(bought, { ...whole, preview: false, period_start_at, period_end_at, balance_usd: '41.00' })
  assert.deepEqual(
    { ...preview, period_start_at, period_end_at },
    { ...bought, preview: true, balance_usd: '60.00', covered: true },
  )

  assert.match(
    await say(...own('add-on', '--add-on', 'high_speed', '--charge')),
    /^Account \d+ is on high_speed of item for 15\.00 USD, paid until [\dT:.-]+Z: 12 calls a second; .* has 26\.00 USD left\.$/,
  )
  const terms = '12 calls a second; 1000 calls a day in advance, then 0.004 USD each'
  assert.equal(
    await say(...own('add-on', '--add-on', 'extra_bandwidth')),
    `Account ${id} has extra_bandwidth of item, from its next call: ${terms}; 55 GB a month, then 0.20 USD each.`,
  )
  assert.equal(
    await say(...own('add-on', '--add-on', 'extra_bandwidth', '--remove')),
    `Account ${id} is without extra_bandwidth of item, from its next call: ${terms}; 5 GB a month, then 0.20 USD each.`,
  )
  assert.equal(await say(...own('cancel-plan')), `starter of item ends ${String(period_end_at)}.`)
  const ends = await tell(...own('cancel-plan', '--add-on', 'high_speed'))
  assert.deepEqual(
    { ...ends, ends_at: null },
    { account_id: id, product: 'item', kind: 'add_on', offer: 'high_speed', ends_at: null },
  )
  await refuse(...own('cancel-plan'))
  assert.equal(
    await refuse(...own('set-plan', '--plan', 'starter', '--charge')),
    `starter of item is subscribed until ${String(period_end_at)}; resume it instead (account resume-plan).`,
  )
  assert.deepEqual(await tell(...own('resume-plan')), {
    account_id: id,
    product: 'item',
    kind: 'plan',
    offer: 'starter',
    renews_at: period_end_at,
  })
  assert.equal(await refuse(...own('resume-plan')), 'starter of item is not cancelled.')

  const shown = await tell<{
    products: Record<string, object>
    subscriptions: Record<string, unknown>[]
    live: object
  }>('account', 'show', '--account', 'shop')
  assert.deepEqual(shown.products['item'], {
    plan: 'starter',
    overrides: {},
    add_ons: ['high_speed'],
    terms: { ...PAYG, per_second: 12, pot: { name: 'item.day', period: 'day', limit: 1_000 } },
  })
  assert.deepEqual(shown.products['qc'], {
    plan: 'custom',
    overrides: { per_minute: 60, per_month: null, features: ['batch_and_images'] },
    add_ons: [],
    terms: {
      per_second: null,
      per_minute: 60,
      quota: { name: 'qc.month', limit: null },
      pot: null,
      call_usd: null,
      gb_included: null,
      gb_usd: null,
      features: ['batch_and_images'],
    },
  })
  assert.deepEqual(
    shown.subscriptions.map(({ offer, state, price_usd }) => [offer, state, price_usd]),
    [
      ['high_speed', 'cancelling', '15.00'],
      ['starter', 'active', '19.00'],
    ],
  )
  const words = (await say('account', 'show', '--account', 'shop')).split('\n')
  assert.equal(words[0], `Account ${id} "shop"`)
  assert.deepEqual(words.find((line) => line.startsWith('item '))?.split(/ {2,}/), [
    'item',
    'starter',
    '12/s',
    '1000 a day',
    '0.004 USD',
    '5 GB, then 0.20 USD each',
    'high_speed',
  ])
  assert.equal(
    words.find((line) => line.startsWith('qc '))?.replace(/ {2,}/g, '  '),
    'qc  custom  60/min  unlimited a month  --per-minute 60 --per-month unlimited --features batch_and_images',
  )
  assert.match(
    await say(...own('add-on', '--add-on', 'high_speed', '--remove')),
    / What was paid for it is not refunded; `account cancel-plan --add-on` ends one when its period is over\.$/,
  )
  const [last] = await tell<{ subject: string; reason: string }[]>(
    'account',
    'audit',
    '--account',
    'shop',
    '--limit',
    '1',
  )
  assert.deepEqual([last!.subject, last!.reason], ['product:item', null])
})

test('caps and thresholds are set and lifted, of an account, its sandbox, or a key', async (t) => {
  const { tell, say, refuse, pool } = await program(t)
  const { id, sandbox_id } = await tell<{ id: number; sandbox_id: number }>('account', 'create', '--name', 'shop')
  await tell('account', 'create', '--name', 'other')
  const makeKey = (name: string) =>
    tell<{ id: number }>('key', 'create', '--account', name, '--style', 'qc', '--mode', 'live')
  const key = await makeKey('shop')
  const foreign = await makeKey('other')
  const cap = ['account', 'set-cap', '--account', 'shop']

  assert.deepEqual(await tell(...cap, '--usd', '12.5'), { account_id: id, cap_usd: '12.50' })
  assert.deepEqual(await tell(...cap, '--usd', '3', '--sandbox'), { account_id: sandbox_id, cap_usd: '3.00' })
  assert.equal(
    await say(...cap, '--key', String(key.id), '--usd', '2', '--calls', '100'),
    `Key ${key.id} may use 2.00 USD and 100 calls a UTC month.`,
  )
  assert.deepEqual(await tell(...cap, '--key', String(key.id), '--usd', 'none'), {
    account_id: id,
    key_id: key.id,
    cap_usd: null,
  })
  const keys = await pool.query<object>('select cap_calls, cap_usd_micros from api_key where id = $1', [key.id])
  assert.deepEqual(keys.rows, [{ cap_calls: 100, cap_usd_micros: null }])

  assert.equal(await refuse(...cap, '--calls', '5'), 'A cap in calls is for one key: give --key too.')
  assert.equal(await refuse(...cap), 'Give the cap as --usd; none lifts it.')
  assert.equal(await refuse(...cap, '--key', String(key.id)), 'Give the cap as --usd or --calls; none lifts it.')
  assert.equal(
    await refuse(...cap, '--key', String(foreign.id), '--usd', '1'),
    `Account ${id} has no key ${foreign.id}; \`key list\` shows what it has.`,
  )
  assert.match(await refuse(...cap, '--key', String(key.id), '--calls', '0'), /Give a whole number from 1, or none\.$/)

  const low = ['account', 'set-low-balance', '--account', 'shop']
  assert.deepEqual(await tell(...low, '--usd', '0.5'), { account_id: id, low_balance_usd: '0.50' })
  await tell(...low, '--usd', 'none', '--sandbox')
  const empty = { api_balance_usd: '0.00', wallet_cny: '0.00', wallet_frozen_cny: '0.00', used: {} }
  const shown = await tell<{ live: object; sandbox: object }>('account', 'show', '--account', 'shop')
  assert.deepEqual(
    [shown.live, shown.sandbox],
    [
      { ...empty, id, cap_usd: '12.50', low_balance_usd: '0.50' },
      { ...empty, id: sandbox_id, cap_usd: '3.00', low_balance_usd: '0.00' },
    ],
  )
  const entries = await tell<Record<string, unknown>[]>('account', 'audit', '--account', 'shop', '--limit', '6')
  assert.deepEqual(
    entries.map(({ action, subject, before, after }) => [action, subject, before, after]),
    [
      [
        'account.set_low_balance',
        `account:${sandbox_id}`,
        { low_balance_usd_micros: 1_000_000 },
        { low_balance_usd_micros: 0 },
      ],
      [
        'account.set_low_balance',
        `account:${id}`,
        { low_balance_usd_micros: 1_000_000 },
        { low_balance_usd_micros: 500_000 },
      ],
      [
        'key.set_cap',
        `key:${key.id}`,
        { cap_calls: 100, cap_usd_micros: 2_000_000 },
        { cap_calls: 100, cap_usd_micros: null },
      ],
      [
        'key.set_cap',
        `key:${key.id}`,
        { cap_calls: null, cap_usd_micros: null },
        { cap_calls: 100, cap_usd_micros: 2_000_000 },
      ],
      ['account.set_cap', `account:${sandbox_id}`, { cap_usd_micros: null }, { cap_usd_micros: 3_000_000 }],
      ['account.set_cap', `account:${id}`, { cap_usd_micros: null }, { cap_usd_micros: 12_500_000 }],
    ],
  )
})

test("the statement tells all that moved an account's money, and the news what there was to tell", async (t) => {
  const { tell, say } = await program(t)
  const { id, sandbox_id } = await tell<{ id: number; sandbox_id: number }>('account', 'create', '--name', 'shop')
  const credit = ['account', 'credit', '--account', 'shop', '--reason']
  await tell(...credit, 'bank\u001b[2J', '--usd', '40', '--name', 'one')
  await tell(...credit, 'play', '--cny', '7.5', '--name', 'two', '--sandbox')
  const item = ['--account', 'shop', '--product', 'item']
  await tell('account', 'set-plan', ...item, '--plan', 'starter', '--charge')

  type Page = { entries: { id: number; at: string }[]; next: number | null }
  const statement = ['account', 'statement', '--account', 'shop']
  const whole = await tell<Page>(...statement)
  const [charge, top] = whole.entries
  const own = { account_id: id, of: 'api_balance', currency: 'USD' }
  const { name: charged } = charge as unknown as { name: string }
  assert.match(charged, /^sub:\d+:0$/)
  assert.deepEqual(whole, {
    ...own,
    entries: [
      { ...charge!, reason: 'item starter', name: charged, amount: '-19.00', balance_after: '21.00' },
      { ...top!, reason: 'bank\u001b[2J', name: 'credit:one', amount: '40.00', balance_after: '40.00' },
    ],
    next: null,
  })
  const first = await tell<Page>(...statement, '--limit', '1')
  assert.deepEqual(first, { ...own, entries: [charge], next: charge!.id })
  assert.deepEqual(await tell(...statement, '--limit', '1', '--before', String(first.next)), {
    ...own,
    entries: [top],
    next: null,
  })
  assert.deepEqual(
    (await say(...statement)).split('\n').map((line) => line.split(/ {2,}/)),
    [
      ['AT', 'REASON', 'NAME', 'USD', 'BALANCE AFTER'],
      [charge!.at, 'item starter', charged, '-19.00', '21.00'],
      [top!.at, 'bank?[2J', 'credit:one', '+40.00', '40.00'],
    ],
  )
  const play = await tell<Page>(...statement, '--sandbox', '--wallet')
  assert.deepEqual(play, {
    account_id: sandbox_id,
    of: 'wallet',
    currency: 'CNY',
    entries: [{ ...play.entries[0], reason: 'play', name: 'credit:two', amount: '7.50', balance_after: '7.50' }],
    next: null,
  })
  assert.equal(await say(...statement, '--wallet'), `There are no entries of the wallet of account ${id} "shop".`)

  const [news, ...older] = await tell<{ body: object }[]>('account', 'news', '--account', 'shop')
  const [event] = (await say('account', 'news', '--account', 'shop')).split('\n').slice(1)
  assert.deepEqual(older, [])
  assert.ok(
    event!.split(/ {2,}/).includes('subscription.started') && event!.endsWith(JSON.stringify(news!.body)),
    event,
  )
})

test('what is used of the present day and month is shown, money as money', async (t) => {
  const { tell, say, pool } = await program(t)
  const { id, sandbox_id } = await tell<{ id: number; sandbox_id: number }>('account', 'create', '--name', 'shop')
  const month = monthBucket(new Date())
  const pots = [
    [id, 'qc.month', month, 17],
    [id, 'item.trial', month, 3],
    [id, 'spend', month, 12_000],
    [id, 'key:7:spend', month, 4_000],
    [id, 'sourcing.month', 200_001, 99],
    [sandbox_id, 'item.trial', 200_001, 5],
  ]
  for (const pot of pots)
    await pool.query('insert into pot (account_id, name, bucket, used) values ($1, $2, $3, $4)', pot)
  const shown = await tell<Record<'live' | 'sandbox', { used: object }>>('account', 'show', '--account', 'shop')
  assert.deepEqual(
    [shown.live.used, shown.sandbox.used],
    [
      {
        'qc.month': { bucket: month, used: 17 },
        'item.trial': { bucket: month, used: 3 },
        spend: { bucket: month, used_usd: '0.012' },
        'key:7:spend': { bucket: month, used_usd: '0.004' },
      },
      {},
    ],
  )
  const words = (await say('account', 'show', '--account', 'shop')).split('\n').map((line) => line.split(/ {2,}/))
  const line = (first: string) => words.find(([name]) => name === first)
  assert.deepEqual(line('COUNTER'), ['COUNTER', 'OF', 'USED'])
  assert.deepEqual(line('qc.month'), ['qc.month', String(month), '17'])
  assert.deepEqual(line('spend'), ['spend', String(month), '0.012 USD'])
  assert.match(words.at(-1)!.join(' '), /^Counters include units that running servers have drawn in advance, /)
})
