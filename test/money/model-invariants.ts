import assert from 'node:assert/strict'
import { CODES, CUSTOMERS, type State } from './model-commands.ts'

/** What is true of the books whatever was asked of them. */
export function assertSound(state: State): void {
  assertBalances(state)
  assertHolds(state)
  assertReverses(state)
  assertSubscriptions(state)
}

function assertBalances({ accounts, transfers }: State): void {
  const entries = new Map<string, number>()
  for (const { from, to, amount } of transfers) {
    entries.set(from, (entries.get(from) ?? 0) - amount)
    entries.set(to, (entries.get(to) ?? 0) + amount)
  }
  for (const [code, [balance, held]] of Object.entries(accounts)) {
    assert.equal(balance, entries.get(code) ?? 0, `${code} differs from its entries`)
    assert.ok(held >= 0 && balance >= held, `${code} has ${balance} and holds ${held}`)
  }
  for (const codes of Object.values(CODES)) {
    const sum = codes.reduce((total, code) => total + (accounts[code]?.[0] ?? entries.get(code) ?? 0), 0)
    assert.equal(sum, 0, `${codes.join()} do not add up to zero`)
  }
  const names = transfers.map(({ name }) => name)
  assert.equal(new Set(names).size, names.length, `a name happened twice: ${names.join()}`)
}

function assertHolds({ accounts, holds, transfers }: State): void {
  for (const { name, amount, captured, state } of holds) {
    const sum = transfers.reduce((total, each) => total + (each.hold === name ? each.amount : 0), 0)
    assert.equal(captured, sum, `${name} differs from its captures`)
    assert.ok(captured <= amount, `${name} is captured beyond its amount`)
    if (state === 'open') assert.ok(captured < amount, `${name} is open and keeps nothing`)
    if (state === 'captured') assert.ok(captured > 0, `${name} is captured and nothing is`)
  }
  for (const [code, [, held]] of Object.entries(accounts)) {
    const open = holds.filter((hold) => hold.account === code && hold.state === 'open')
    const sum = open.reduce((total, hold) => total + hold.amount - hold.captured, 0)
    assert.equal(held, sum, `${code} differs from its open holds`)
  }
}

function assertReverses({ transfers }: State): void {
  const byName = new Map(transfers.map((each) => [each.name, each]))
  const reverses = transfers.filter((each) => each.reverses !== null)
  const undone = new Set(reverses.map((each) => each.reverses))
  assert.equal(undone.size, reverses.length, 'a transfer is undone twice')
  for (const { from, to, amount, reverses: name } of reverses) {
    const first = byName.get(name!)
    assert.deepEqual([first?.from, first?.to, first?.amount, first?.reverses], [to, from, amount, null])
  }
}

function assertSubscriptions({ subscriptions, plans, addOns, transfers }: State): void {
  const running = subscriptions.filter(({ state }) => state !== 'ended')
  for (const who of CUSTOMERS) {
    const own = running.filter((each) => each.who === who)
    const slots = own.map(({ kind, product, offer }) => (kind === 'plan' ? product : `${product} ${offer}`))
    assert.equal(new Set(slots).size, slots.length, `two subscriptions to the same: ${slots.join()}`)
    for (const { kind, product, offer } of own) {
      if (kind === 'plan') assert.equal(plans[who]![product], offer)
      else assert.ok(addOns[who]!.includes(offer))
    }
  }
  const paid = subscriptions.reduce((total, { period }) => total + period + 1, 0)
  const charges = transfers.filter(({ name }) => name.startsWith('sub:'))
  assert.equal(charges.length, paid, 'a period was not paid, or twice')
  for (const { startMs, endMs, anchorMs } of subscriptions) assert.ok(anchorMs <= startMs && startMs < endMs)
}
