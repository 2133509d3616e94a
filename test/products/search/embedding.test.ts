import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { openWorkers, type RunOptions, type Workers, WorkerTimeout } from '../../../src/lib/workers.ts'
import { openEmbedding } from '../../../src/products/search/embedding.ts'
import { defaultAsset } from '../../../src/products/search/spaces.ts'
import { picture } from './shop.ts'

const workers = openWorkers({ threads: 1 })
after(() => workers.close())

test('a picture has ten seconds to be embedded, for the index and for a search', async () => {
  const asked: RunOptions[] = []
  const noted: Workers = {
    threads: 1,
    renew: () => workers.renew(),
    close: () => workers.close(),
    run: (task, input, options = {}) => {
      asked.push({ timeoutMs: options.timeoutMs!, isBackground: options.isBackground ?? false })
      return workers.run(task, input, options)
    },
  }
  const asset = await defaultAsset()
  const bytes = await picture(1)
  const embedding = openEmbedding(noted, asset)
  assert.ok((await embedding.embed(bytes, { isBackground: true })).length > 0)
  await embedding.embedQuery(bytes)
  assert.deepEqual(asked, [
    { timeoutMs: 10_000, isBackground: true },
    { timeoutMs: 10_000, isBackground: false },
  ])

  const late = openEmbedding({ ...noted, run: () => Promise.reject(new WorkerTimeout('late')) }, asset)
  const told = { name: 'DomainError', code: 'unprocessable', message: 'The picture takes too long to decode.' }
  await assert.rejects(late.embed(bytes), told)
  await assert.rejects(late.embedQuery(bytes), told)
})
