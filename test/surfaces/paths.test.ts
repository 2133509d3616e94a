import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compilePattern, pathOf } from '../../src/surfaces/paths.ts'

const cases: { pattern: string; hits: string[]; misses: string[] }[] = [
  { pattern: '/api/v1/me', hits: ['/api/v1/me', '/api/v1/me/'], misses: ['/api/v1/me/x', '/api/v1/men', '/api/v1'] },
  { pattern: '/api/v1/qc/**', hits: ['/api/v1/qc', '/api/v1/qc/', '/api/v1/qc/a/b'], misses: ['/api/v1/qcs'] },
  {
    pattern: '/api/v1/products/:a/:b',
    hits: ['/api/v1/products/weidian/1'],
    misses: ['/api/v1/products/1', '/api/v1/products/a/b/c'],
  },
  {
    pattern: '/api/v1/products/:id(^[0-9]+$)',
    hits: ['/api/v1/products/12345', '/api/v1/products/7/'],
    misses: ['/api/v1/products/batch', '/api/v1/products/1x', '/api/v1/products/weidian/1', '/api/v1/products/'],
  },
  { pattern: '/docs/openapi/:file', hits: ['/docs/openapi/qc.json'], misses: ['/docs/openapi/'] },
  { pattern: '/llms.txt', hits: ['/llms.txt'], misses: ['/llmsxtxt'] },
  { pattern: '/**', hits: ['/', '', '/anything/at/all', '/%zz'], misses: [] },
]

for (const { pattern, hits, misses } of cases) {
  test(`${pattern} matches its own paths and no others`, () => {
    const path = compilePattern(pattern)
    assert.deepEqual(
      hits.filter((each) => !path.test(each)),
      [],
    )
    assert.deepEqual(
      misses.filter((each) => path.test(each)),
      [],
    )
  })
}

test('the path of a request target ends at its query', () => {
  assert.equal(pathOf('/a/b?c=/d'), '/a/b')
  assert.equal(pathOf('/a#b?c'), '/a')
  assert.equal(pathOf('*'), '*')
})
