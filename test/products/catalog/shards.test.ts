import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SHARD_COUNT, shardOf } from '../../../src/products/catalog/shards.ts'

test('a shard is the same for ever, and for both names of an id space', () => {
  const found = [
    shardOf({ marketplace: 'taobao', listingId: '6789012345' }),
    shardOf({ marketplace: 'tmall', listingId: '6789012345' }),
    shardOf({ marketplace: 'weidian', listingId: '6789012345' }),
    shardOf({ marketplace: '1688', listingId: '791912182230' }),
    shardOf({ marketplace: 'goofish', listingId: '1' }),
  ]
  // Computed apart from this code, from FNV-1a's published constants.
  assert.deepEqual(found, [50, 50, 46, 4, 45])
})

test('consecutive listings spread over all shards', () => {
  const counts = Array.from({ length: SHARD_COUNT }, () => 0)
  for (let id = 600_000_000_000; id < 600_000_006_400; id++) {
    counts[shardOf({ marketplace: 'weidian', listingId: String(id) })]! += 1
  }
  assert.ok(Math.min(...counts) > 50 && Math.max(...counts) < 200, counts.join(' '))
})
