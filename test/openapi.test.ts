import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { testApp } from './app.ts'

const folder = new URL('../docs/openapi/', import.meta.url)

// To accept a change on purpose: UPDATE_OPENAPI=1 npm test -- test/openapi.test.ts
const isUpdating = process.env['UPDATE_OPENAPI'] === '1'

test('the kept OpenAPI documents say what the routes say', async (t) => {
  const { app } = await testApp(t)
  assert.ok(app.openapiDocuments.size >= 5)
  for (const [name, document] of app.openapiDocuments) {
    const file = new URL(`${name}.json`, folder)
    const now = `${JSON.stringify(document, null, 2)}\n`
    if (isUpdating) {
      mkdirSync(folder, { recursive: true })
      writeFileSync(file, now)
    }
    assert.equal(
      readFileSync(file, 'utf8'),
      now,
      `docs/openapi/${name}.json is not what the routes say; see the top of this test`,
    )
  }
})

test('every operation has a unique id, a summary, and describes its errors', async (t) => {
  const { app } = await testApp(t)
  const ids = new Set<string>()
  for (const [name, document] of app.openapiDocuments) {
    const { paths } = document as {
      paths: Record<string, Record<string, { operationId?: string; summary?: string; responses: object }>>
    }
    for (const [path, methods] of Object.entries(paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        const where = `${name} ${method} ${path}`
        assert.match(operation.operationId ?? '', /^[a-z]+[A-Z][A-Za-z]+$/, where)
        assert.ok(operation.summary, where)
        assert.ok(!ids.has(operation.operationId!), where)
        const { responses } = operation
        assert.ok(['200', '201', '202'].some((status) => status in responses) && '429' in responses, where)
        ids.add(operation.operationId!)
      }
    }
  }
})

test('the reference page and what it needs come from here', async (t) => {
  const { app } = await testApp(t)
  const page = await app.inject({ url: '/docs' })
  assert.equal(page.statusCode, 200)
  assert.match(String(page.headers['content-type']), /^text\/html/)
  assert.deepEqual(page.body.match(/(?:src|href)="https?:[^"]*"/g), null)
  assert.equal((await app.inject({ url: '/docs/js/scalar.js' })).statusCode, 200)
  assert.equal((await app.inject({ url: '/docs/openapi/qc.json' })).json().openapi, '3.1.0')
  assert.equal((await app.inject({ url: '/docs/openapi/none.json' })).statusCode, 404)
})

test('/llms.txt names every surface and route', async (t) => {
  const { app } = await testApp(t)
  const { body } = await app.inject({ url: '/llms.txt' })
  const lines = ['GET /api/v1/products/{storefront}/{listingId}', 'POST /api/v1/item', 'GET /api/v1/products/{id}']
  for (const line of [...lines, 'GET /api/v1/links']) {
    assert.ok(body.includes(`- ${line}: `), line)
  }
})
