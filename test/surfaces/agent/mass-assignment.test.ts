import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertAnswer } from '../../app.ts'
import { inOrder, nameOf, requestsTo, type Input } from './requests.ts'
import type { Route, Schema } from './routes.ts'
import { openCaller, openWorld, stored, type Caller, type World } from './world.ts'

// What is the server's to say is not a caller's, however it is named in a body.

/** A number and a text that stand nowhere but where they were smuggled in. */
const NUMBER = 424_242
const TEXT = 'smuggled'
const SMUGGLED = {
  id: NUMBER,
  userId: NUMBER,
  accountId: NUMBER,
  account_id: NUMBER,
  status: 'completed',
  state: 'delivered',
  price: NUMBER,
  priceFen: NUMBER,
  price_fen: NUMBER,
  balance: NUMBER,
  held: NUMBER,
  discount: NUMBER,
  discountFen: NUMBER,
  payable: NUMBER,
  totalAmount: NUMBER,
  serviceFee: NUMBER,
  feeBasisPoints: 0,
  stock: NUMBER,
  orderNo: `ORD-19990909-${NUMBER}`,
  createdAt: '1999-09-09T09:09:09Z',
  isDefault: false,
  isSandbox: false,
  selected: false,
  scopes: [TEXT],
  actor: 'staff',
  title: TEXT,
  toString: TEXT,
  constructor: TEXT,
}
const TRACES = new RegExp(`${NUMBER}|${TEXT}|1999-09-09|19990909`)

/** Ways of writing them on the prototype of every object. */
const POISONS = [JSON.parse(`{"__proto__":${JSON.stringify(SMUGGLED)}}`), { constructor: { prototype: SMUGGLED } }]

/** The value with the fields of `more` in each of its objects, but for those that the schema knows there. */
function withMore(value: unknown, schema: Schema, more: object): unknown {
  if (Array.isArray(value)) return value.map((each) => withMore(each, schema.items!, more))
  if (typeof value !== 'object' || value === null) return value
  const { properties = {} } = [schema, ...(schema.anyOf ?? [])].find((each) => each.properties) ?? {}
  const known = Object.entries(value).map(([name, each]) => [name, withMore(each, properties[name] ?? {}, more)])
  const foreign = Object.entries(more).filter(([name]) => !Object.hasOwn(properties, name))
  return Object.fromEntries([...known, ...foreign])
}

/** A request with `more` in each object of its body. */
function smuggling(route: Route, input: Input, more: object): Input {
  return { ...input, body: withMore(input.body, route.schema.body!, more) as object }
}

/** Sends every request of the table, with `more` in its body, and tells the answers. */
async function tellAll({ routes }: World, { things, send }: Caller, more: object) {
  const told: { request: string; statusCode: number; body: unknown }[] = []
  for (const route of inOrder(routes)) {
    for (const input of requestsTo(route, things)) {
      const answer = await send(route, input.body ? smuggling(route, input, more) : input)
      told.push({ request: nameOf(route), statusCode: answer.statusCode, body: withoutNames(answer.json()) })
    }
  }
  return told
}

/** An answer but for what differs from account to account: the numbers of its rows. */
function withoutNames(body: unknown): unknown {
  const text = JSON.stringify(body, (name, value) => (/^(?:id|\w+Id|orderNo|username)$/.test(name) ? '#' : value))
  return JSON.parse(text.replaceAll(/ORD-\d{8}-\d+/g, '#'))
}

test('fields that are the server’s are ignored in every body', async (t) => {
  const world = await openWorld(t)
  // Both before the first request, as coupons that can be claimed are there for everybody.
  const [plain, smuggler] = [await openCaller(world, { mode: 'test' }), await openCaller(world, { mode: 'test' })]
  const expected = await tellAll(world, plain, {})
  const told = await tellAll(world, smuggler, SMUGGLED)
  for (const [at, each] of told.entries()) {
    assert.ok(each.statusCode < 300, JSON.stringify(each))
    assert.deepEqual(each, expected[at])
  }
  assert.doesNotMatch(JSON.stringify(told), TRACES)
  assert.doesNotMatch(JSON.stringify(await stored(world, smuggler.accountId)), TRACES)
})

test('a body that would change the prototype of objects is refused, and nothing is changed', async (t) => {
  const world = await openWorld(t)
  const caller = await openCaller(world, { mode: 'test' })
  const before = await stored(world, caller.accountId)
  const refusal = { statusCode: 400, message: ['The body is not valid JSON.'], error: 'Bad Request' }
  for (const route of world.routes) {
    for (const input of requestsTo(route, caller.things).filter(({ body }) => body)) {
      for (const poison of POISONS)
        assertAnswer(await caller.send(route, smuggling(route, input, poison)), 400, refusal)
    }
  }
  assert.deepEqual(await stored(world, caller.accountId), before)
  assert.ok(!('balance' in {}))
})
