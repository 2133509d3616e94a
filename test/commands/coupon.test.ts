import assert from 'node:assert/strict'
import { test } from 'node:test'
import { program } from './own-program.ts'

test('coupons from the command line, from the first to the last', async (t) => {
  const { tell, say, refuse, pool } = await program(t)
  assert.equal(await say('coupon', 'list'), 'There are no coupons.')
  const end = ['--expires', '2099-03-01T00:00:00Z']
  const percent = ['--percent', '10', '--min-cny', '200', '--max-cny', '49.50', '--limit', '100', '--per-customer', '2']
  const first = {
    id: 50,
    name: 'New customers',
    sandbox: false,
    type: 'percentage',
    percent: 10,
    cny: null,
    min_cny: '200.00',
    max_cny: '49.50',
    expires_at: '2099-03-01T00:00:00.000Z',
    limit: 100,
    per_customer: 2,
    claimed: 0,
    withdrawn_at: null,
  }
  assert.deepEqual(await tell('coupon', 'create', '--name', 'New customers', ...percent, ...end), first)
  assert.equal(
    await say('coupon', 'create', '--name', 'Play', '--cny', '20', '--sandbox', ...end),
    'Coupon 51: ¥20.00 off, until 2099-03-01T00:00:00.000Z, for sandboxes.',
  )
  const withdrawn = await tell('coupon', 'withdraw', '50')
  assert.deepEqual(withdrawn, { ...first, withdrawn_at: withdrawn['withdrawn_at'] })
  assert.equal(await say('coupon', 'withdraw', '50'), 'Coupon 50 is withdrawn; 0 had been claimed.')
  const { coupons } = await tell<{ coupons: object[] }>('coupon', 'list')
  assert.deepEqual(coupons[1], withdrawn)
  const lines = (await say('coupon', 'list')).split('\n').map((line) => line.split(/ {2,}/))
  assert.deepEqual(lines, [
    ['ID', 'NAME', 'TERMS', 'CLAIMED'],
    ['51', 'Play', '¥20.00 off, until 2099-03-01T00:00:00.000Z, for sandboxes', '0'],
    [
      '50',
      'New customers',
      '10 % off, from ¥200.00, at most ¥49.50, until 2099-03-01T00:00:00.000Z, 2 for each customer',
      '0 of 100',
      'withdrawn',
    ],
  ])

  const before = (await pool.query('select * from coupon order by id')).rows
  const create = ['create', '--name', 'Other']
  const refusals: [args: string[], message: RegExp][] = [
    [[...create, ...end], /^Give either --percent or --cny\.$/],
    [[...create, ...end, '--percent', '10', '--cny', '5'], /^Give either --percent or --cny\.$/],
    [[...create, ...end, '--percent', '101'], /'101' is invalid\. Give a whole number from 1 to 100\.$/],
    [[...create, ...end, '--cny', '0'], /'0' is invalid\. Give more than zero/],
    [[...create, '--percent', '10', '--expires', 'never'], /^A coupon has an end; give one with --expires\.$/],
    [[...create, '--percent', '10', '--expires', '2020-01-01'], /^A coupon ends in the future\.$/],
    [[...create, '--percent', '10'], /'--expires <when>' not specified$/],
    [['withdraw', '99'], /^There is no coupon 99; `coupon list` shows all\.$/],
  ]
  for (const [args, message] of refusals) assert.match(await refuse('coupon', ...args), message, args.join(' '))
  assert.deepEqual((await pool.query('select * from coupon order by id')).rows, before)
})
