import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { systemClock } from '../../../src/lib/clock.ts'
import { openWorkers } from '../../../src/lib/workers.ts'
import { learnAsset } from '../../../src/products/search/learning.ts'
import { picture } from './shop.ts'

function learn(t: TestContext, pictures: AsyncIterable<Uint8Array>, count: number): Promise<Uint8Array> {
  const workers = openWorkers({ threads: 1 })
  t.after(() => workers.close())
  const { signal } = new AbortController()
  return learnAsset({ workers, clock: systemClock }, { pictures, count }, { onLook: () => {}, signal })
}

test('pictures are asked for one by one, until there are as many as are wanted', async (t) => {
  const encoded = await picture(1)
  let asked = 0
  async function* endless() {
    for (;;) yield asked++ === 1 ? Buffer.from('no picture') : encoded
  }
  await assert.rejects(learn(t, endless(), 3), /at least 200 pictures .*; there are 3$/)
  assert.equal(asked, 4)
})

test('what pictures fail with ends the learning', async (t) => {
  async function* failing() {
    yield await picture(1)
    throw new Error('the disk is gone')
  }
  await assert.rejects(learn(t, failing(), 3), /^Error: the disk is gone$/)
})
