import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inOrder, nameOf, placesOf, requestsTo, requestWith, slotsOf } from './requests.ts'
import { openCaller, openWorld } from './world.ts'

/** As they are written in JSON; an address has their text. */
const HOSTILE = [
  '"\\u0000"',
  '"a\\u0000b"',
  '"\\ud800"',
  '"\\ufeff\\u202e\\uffff"',
  '"%00"',
  '"..\\\\"',
  JSON.stringify("'; select 1; --"),
  JSON.stringify('x'.repeat(10_000)),
  '"9999-12-31"',
  '1e99',
  '[[]]',
  '{"length":1e9}',
]

test('text that is not meant well is an answer like any other, wherever it stands', async (t) => {
  const world = await openWorld(t)
  for (const route of inOrder(world.routes)) {
    const { things, sendText } = await openCaller(world, { mode: 'test' })
    for (const input of requestsTo(route, things)) {
      for (const place of slotsOf(route, things).flatMap(({ path }) => placesOf(input, path))) {
        for (const raw of HOSTILE) {
          const { method, url, payload } = requestWith(route, input, place, raw)
          const answer = await sendText(method, url, payload)
          const told = `${nameOf(route)} ${place.join('.')} ${raw}: ${answer.body}`
          assert.ok(answer.statusCode < 500 && answer.statusCode !== 429, told)
          if (answer.statusCode >= 400) assert.equal(answer.json().statusCode, answer.statusCode, told)
        }
      }
    }
  }
})
