import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inOrder, nameOf, placesOf, requestsTo, requestWith, slotsOf, type Slot, type Things } from './requests.ts'
import type { Route, Schema } from './routes.ts'
import { openCaller, openWorld, stored } from './world.ts'

/** As they are written in JSON; an address has their text. */
const NO_NUMBERS = ['0', '-1', '1.505', '1e309', '-1e309', '9007199254740993', '[2]', '{"a":2}', 'null', 'true', '" "']
/** Numbers in an address, where all is text; in a body only where text is documented too. */
const TEXTS = ['"2"', '""']

function typesOf({ type, anyOf }: Schema): string[] {
  return [type ?? [], ...(anyOf ?? []).map(typesOf)].flat()
}

function isNumber({ schema }: Slot): boolean {
  return typesOf(schema).some((type) => type === 'integer' || type === 'number')
}

function wrongFor({ path, schema }: Slot): string[] {
  const above = schema.maximum === undefined ? [] : [String(schema.maximum + 1)]
  const isNumberOnly = path[0] === 'body' && !typesOf(schema).includes('string')
  return [...NO_NUMBERS, ...above, ...(isNumberOnly ? TEXTS : [])]
}

/** A request to a route for each place of a number and each value that is wrong there. */
function wrongRequests(route: Route, mine: Things) {
  return slotsOf(route, mine)
    .filter(isNumber)
    .flatMap((slot) =>
      requestsTo(route, mine).flatMap((input) => placesOf(input, slot.path).map((place) => ({ slot, input, place }))),
    )
    .flatMap(({ slot, input, place }) =>
      wrongFor(slot).map((raw) => ({
        name: String(place.at(-1)),
        raw,
        request: requestWith(route, input, place, raw),
      })),
    )
}

test('what is no number in range is refused wherever a number stands, and nothing is changed', async (t) => {
  const world = await openWorld(t)
  const names = new Set<string>()
  for (const route of inOrder(world.routes)) {
    // A caller for each, as they are many requests.
    const caller = await openCaller(world, { mode: 'test' })
    const before = await stored(world, caller.accountId)
    for (const { name, raw, request } of wrongRequests(route, caller.things)) {
      names.add(name)
      const answer = await caller.sendText(request.method, request.url, request.payload)
      const told = `${nameOf(route)} ${name} ${raw}: ${answer.body}`
      const { message, ...rest } = answer.json()
      assert.deepEqual([answer.statusCode, rest], [400, { statusCode: 400, error: 'Bad Request' }], told)
      assert.match(message.join('\n'), new RegExp(`^[\\w.]*${name} [^\\n]+\\.$`), told)
    }
    assert.deepEqual(await stored(world, caller.accountId), before, nameOf(route))
  }
  for (const name of ['quantity', 'productId', 'couponId', 'addressId', 'lineNo', 'itemId', 'page', 'limit']) {
    assert.ok(names.has(name), name)
  }
})

test('a number as text is taken in an address, and where text is documented', async (t) => {
  const world = await openWorld(t)
  const caller = await openCaller(world, { mode: 'test' })
  const { page, limit } = (await caller.sendText('GET', '/api/v1/orders?page=2&limit=2')).json().data
  assert.deepEqual({ page, limit }, { page: 2, limit: 2 })
  const { productId, skuId } = caller.things
  const sent = JSON.stringify({ productId: String(productId), skuId, quantity: 2 })
  const { data } = (await caller.sendText('POST', '/api/v1/cart/items', sent)).json()
  assert.deepEqual([data.productId, data.quantity], [productId, 2])
  for (const query of ['page=1&page=2', 'limit=1&limit=2', 'page=', 'limit=']) {
    assert.equal((await caller.sendText('GET', `/api/v1/orders?${query}`)).statusCode, 400, query)
  }
})
