import assert from 'node:assert/strict'
import { test } from 'node:test'
import Fastify, { type FastifyError } from 'fastify'
import { DomainError } from '../../src/lib/errors.ts'
import { takeUploads } from '../../src/surfaces/upload.ts'
import { formOf } from '../search.ts'

async function send(payload: string | Buffer, contentType: string) {
  const app = Fastify()
  takeUploads(app)
  app.setErrorHandler((error: FastifyError, _request, reply) =>
    reply.code(error instanceof DomainError ? 400 : (error.statusCode ?? 500)).send({ fault: error.message }),
  )
  app.post('/', async ({ body }) => {
    return Object.entries(body as object).map(([name, value]) => [name, Buffer.isBuffer(value) ? [...value] : value])
  })
  const answer = await app.inject({ method: 'POST', url: '/', headers: { 'content-type': contentType }, payload })
  await app.close()
  return { status: answer.statusCode, body: answer.json() }
}

test('fields are texts and files are bytes', async () => {
  const { payload, headers } = formOf({ picture: Buffer.from([0, 255, 13, 10, 45, 45]), page: '2', 名字: 'ñ' })
  const answer = await send(payload, headers['content-type']!)
  assert.deepEqual(answer, {
    status: 200,
    body: [
      ['picture', [0, 255, 13, 10, 45, 45]],
      ['page', '2'],
      ['名字', 'ñ'],
    ],
  })
  const quoted = await send(payload, headers['content-type']!.replace(/boundary=(.*)/, 'boundary="$1"; charset=utf-8'))
  assert.equal(quoted.status, 200)
})

test('what is no form is refused, and quickly', async () => {
  const many = Buffer.from(
    `${Array.from({ length: 100_000 }, (_, at) => `--x\r\nContent-Disposition: form-data; name="a${at}"\r\n\r\n\r\n`).join('')}--x--\r\n`,
  )
  const twice = '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
  const cases: [payload: string | Buffer, contentType: string, fault: string][] = [
    [many, 'multipart/form-data; boundary=x', 'The body is no readable form of at most 20 fields.'],
    [many, 'multipart/form-data', 'The body is no readable form of at most 20 fields.'],
    ['nonsense', 'multipart/form-data; boundary=x', 'The body is no readable multipart/form-data.'],
    ['', 'multipart/form-data; boundary=x', 'The body is no readable multipart/form-data.'],
    [`${twice}`, 'multipart/form-data; boundary=x', 'The body is no readable multipart/form-data.'],
    [`${twice}${twice}--x--\r\n`, 'multipart/form-data; boundary=x', 'The body names a twice.'],
  ]
  for (const [payload, contentType, fault] of cases) {
    assert.deepEqual(await send(payload, contentType), { status: 400, body: { fault } })
  }
  const proto = '--x\r\nContent-Disposition: form-data; name="__proto__"\r\n\r\n1\r\n--x--\r\n'
  assert.deepEqual(await send(proto, 'multipart/form-data; boundary=x'), { status: 200, body: [['__proto__', '1']] })
})
