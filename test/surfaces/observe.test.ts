import assert from 'node:assert/strict'
import { test } from 'node:test'
import pino from 'pino'
import type { InjectOptions } from 'fastify'
import { testApp } from '../app.ts'

test('a line tells where a request went, and neither its query nor what was looked up in a path', async (t) => {
  const lines: string[] = []
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) })
  const { app } = await testApp(t, {}, { log })
  const cases: [method: InjectOptions['method'] & string, url: string, told: string][] = [
    ['POST', '/api/v1/blacklist/check?value=leaky', '/api/v1/blacklist/check 401'],
    ['GET', '/api/v1/blacklist/check?value=leaky', '/api/v1/blacklist/** 405'],
    ['POST', '/api/v1/blacklist/check/leaky.person@example.com', '/api/v1/blacklist/** 404'],
    ['POST', '/api/v1/blacklist/check/a/leaky#leaky', '/api/v1/blacklist/** 404'],
    ['GET', '/api/v1/blacklist?leaky', '/api/v1/blacklist/** 404'],
    ['GET', '/api/v1/%62lacklist%2Fleaky%0Aleaky', '/api/v1/blacklist/** 404'],
    ['GET', '//API/v1/Blacklists/leaky', '//API/v1/blacklist/** 404'],
    ['GET', '/api/v1/blacklist/leaky%zz', 'unreadable address 400'],
    ['GET', '/api/v1/nothing/here?value=leaky', '/api/v1/nothing/here 404'],
    ['GET', '/api/v1/nothing/%3Fhere#leaky', '/api/v1/nothing/%3Fhere 404'],
    ['GET', '/healthz?leaky', ''],
  ]
  for (const [method, url, told] of cases) {
    lines.length = 0
    await app.inject({ method, url })
    const said = lines.map((line) => (JSON.parse(line) as { msg: string }).msg)
    assert.deepEqual(said, told === '' ? [] : [`${method} ${told}`])
    assert.ok(!lines.join('').includes('leaky'), lines.join(''))
  }
})
