import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seedAccount } from '../../app.ts'
import { nameOf, placesOf, put, requestsTo, slotsOf, type Path, type Things } from './requests.ts'
import type { Route } from './routes.ts'
import { openCaller, openWorld, stored, type Caller, type World } from './world.ts'

// Whatever names a thing, in a path, a query, a body or a batch, is answered for another's thing as for one that there is not.

/** Names of values that name things. */
const NAMING = /(?:^id|Id|No|^url)$/
/** Names within what another name leads to, which is the one to be checked. */
const NAMED_WITHIN = new Set(['lineNo'])

type Naming = {
  thing: keyof Things
  /** One that nobody has. */
  unknown: number | string
  /** What there is of it is everybody's of the same mode. */
  isShared?: boolean
}

const ORDER: Naming = { thing: 'orderNo', unknown: 'ORD-19990101-001' }
const PRODUCT: Naming = { thing: 'productId', unknown: 900_000_001, isShared: true }

/** By the name of the value, and where that is `id` by the path up to it. */
const NAMINGS: Record<string, Naming> = {
  '/products/:id': PRODUCT,
  '/orders/:id': ORDER,
  '/user/addresses/:id': { thing: 'addressId', unknown: 900_000_001 },
  '/user/favorites/:id': { thing: 'favoriteId', unknown: 900_000_001 },
  '/user/coupons/:id': { thing: 'freeCouponId', unknown: 900_000_001, isShared: true },
  itemId: { thing: 'itemId', unknown: 900_000_001 },
  productId: PRODUCT,
  skuId: { thing: 'skuId', unknown: 's999', isShared: true },
  offerId: { thing: 'offerId', unknown: '799999999999', isShared: true },
  url: { thing: 'link', unknown: 'https://detail.1688.com/offer/799999999999.html', isShared: true },
  couponId: { thing: 'couponId', unknown: 900_000_001 },
  addressId: { thing: 'addressId', unknown: 900_000_001 },
  quoteId: { thing: 'quoteId', unknown: `q_${'x'.repeat(24)}` },
}

function namingOf(route: Route, path: Path): Naming {
  const name = String(path.at(-1))
  const [, upToId] = /^\S+ (.*:id)(?:\/|$)/.exec(nameOf(route)) ?? []
  const naming = NAMINGS[name === 'id' && path[0] === 'params' ? upToId! : name]
  assert.ok(naming, `authorization.test.ts does not know whose ${path.join('.')} of ${nameOf(route)} is`)
  return naming
}

/** What names things in the requests that `mine` makes to a route: one input each with its place. */
function namesIn(route: Route, mine: Things) {
  const slots = slotsOf(route, mine).filter(({ path }) => NAMING.test(String(path.at(-1))))
  return slots
    .filter(({ path }) => !NAMED_WITHIN.has(String(path.at(-1))))
    .flatMap(({ path }) =>
      requestsTo(route, mine).flatMap((input) =>
        placesOf(input, path).map((place) => ({ input, place, naming: namingOf(route, path) })),
      ),
    )
}

/** An answer in which it cannot be told what was asked for. */
function withoutName({ statusCode, body }: { statusCode: number; body: string }, name: number | string) {
  return { statusCode, body: body.replaceAll(new RegExp(`(?<![\\w-])${name}(?![\\w-])`, 'g'), '#') }
}

/** Every pair of callers who must not see each other's things. */
async function openPairs(world: World) {
  const [one, other] = [await seedAccount(world.ctx), await seedAccount(world.ctx)]
  const sandbox = await openCaller(world, { account: one, mode: 'test' })
  const live = await openCaller(world, { account: one, mode: 'live' })
  const strange = await openCaller(world, { account: other, mode: 'test' })
  const strangeLive = await openCaller(world, { account: other, mode: 'live' })
  const pairs: [whose: string, victim: Caller, who: string, caller: Caller][] = [
    ['a sandbox', sandbox, 'another account', strange],
    ['a sandbox', sandbox, 'the same account’s live key', live],
    ['a live account', live, 'another account', strangeLive],
    ['a live account', live, 'the same account’s test key', sandbox],
  ]
  return pairs
}

test('another’s thing is one that there is not, in every route and in every place of it', async (t) => {
  const world = await openWorld(t)
  const pairs = await openPairs(world)
  for (const [whose, victim, who, caller] of pairs) {
    await t.test(`what is of ${whose}, asked for by ${who}`, async () => {
      const before = await stored(world, victim.accountId)
      let asked = 0
      for (const route of world.routes) {
        for (const { input, place, naming } of namesIn(route, caller.things)) {
          const { thing, unknown, isShared = false } = naming
          if (isShared && victim.mode === caller.mode) continue
          const theirs = victim.things[thing]
          assert.notEqual(theirs, caller.things[thing])
          const answer = await caller.send(route, put(input, place, theirs))
          const none = await caller.send(route, put(input, place, unknown))
          const told = `${nameOf(route)} ${place.join('.')}: ${answer.body}`
          assert.deepEqual(withoutName(answer, theirs), withoutName(none, unknown), told)
          assertNone(none, place)
          asked += 1
        }
      }
      assert.ok(asked >= 15)
      assert.deepEqual(await stored(world, victim.accountId), before)
    })
  }
})

/** 404, or for one of a batch its own result. */
function assertNone(answer: { statusCode: number; json(): { data?: { items: object[] } } }, place: Path): void {
  if (answer.statusCode === 404) return
  assert.equal(answer.statusCode, 201)
  assert.ok('error' in answer.json().data!.items[Number(place[2])]!)
}

/** What an answer shows of the caller's own: the products and coupons that are for everybody are left out. */
function ownIn(route: Route, body: unknown): (number | string)[] {
  if (['GET /products/:id', 'GET /user/coupons/available'].includes(nameOf(route))) return []
  const found: (number | string)[] = []
  JSON.stringify(body, (name, value) => {
    if (name === 'id' || name === 'orderNo') found.push(value)
    return value
  })
  return found
}

test('what one reads shows nothing of another’s', async (t) => {
  const world = await openWorld(t)
  for (const [whose, victim, who, caller] of await openPairs(world)) {
    for (const route of world.routes.filter(({ method }) => method === 'GET')) {
      const read = async ({ send, things }: Caller) => {
        const answers = await Promise.all(requestsTo(route, things).map((input) => send(route, input)))
        return ownIn(
          route,
          answers.map((answer) => answer.json()),
        )
      }
      const [theirs, mine] = [await read(victim), await read(caller)]
      assert.equal(mine.length, theirs.length, nameOf(route))
      const seen = theirs.filter((each) => each !== null && mine.includes(each))
      assert.deepEqual(seen, [], `${nameOf(route)} of ${whose} by ${who}`)
    }
  }
})

test('an Idempotency-Key is one account’s: the same one of another is another request', async (t) => {
  const world = await openWorld(t)
  for (const [at, [, victim, , caller]] of (await openPairs(world)).entries()) {
    const add = ({ headers, things: { productId, skuId } }: Caller) =>
      world.app.inject({
        method: 'POST',
        url: '/api/v1/cart/items',
        headers: { ...headers, 'idempotency-key': `pair ${at}` },
        payload: { productId, skuId, quantity: 1 },
      })
    const [theirs, mine] = [await add(victim), await add(caller)]
    assert.deepEqual([mine.statusCode, mine.headers['idempotent-replayed']], [201, undefined])
    assert.notEqual(mine.json().data.id, theirs.json().data.id)
  }
})
