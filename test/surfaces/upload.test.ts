import assert from 'node:assert/strict'
import { test } from 'node:test'
import Fastify, { type FastifyError } from 'fastify'
import { DomainError } from '../../src/lib/errors.ts'
import { takeUploads } from '../../src/surfaces/upload.ts'
import { formOf } from '../search.ts'

async function send(payload: string | Buffer, contentType: string) {
  const app = Fastify()
  await takeUploads(app)
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

test('what is no form is refused', async () => {
  const head = (name: string) => `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n`
  const many = Buffer.from(`${Array.from({ length: 100_000 }, (_, at) => `${head(`a${at}`)}\r\n`).join('')}--x--\r\n`)
  const form = 'multipart/form-data; boundary=x'
  const unreadable = 'The body is no readable multipart/form-data.'
  const cases: [payload: string | Buffer, contentType: string, fault: string][] = [
    [many, form, 'The body has more than 20 fields.'],
    // What another reader would take for the boundary.
    [many, 'multipart/form-data; xboundary=zz; boundary=x', unreadable],
    [many, 'multipart/form-data; x="boundary=zz"; boundary=x', unreadable],
    [many, 'multipart/form-data', unreadable],
    [`--x\r\n${'a:b\r\n'.repeat(1_000_000)}\r\n1\r\n--x--\r\n`, form, unreadable],
    [`${head('n'.repeat(2_000))}1\r\n--x--\r\n`, form, unreadable],
    ['nonsense', form, unreadable],
    ['', form, unreadable],
    [`${head('a')}1\r\n`, form, unreadable],
    [`${head('a')}1`, form, unreadable],
    ['--x\r\n\r\n1\r\n--x--\r\n', form, unreadable],
    ['--x\r\nContent-Disposition: attachment; name="a"\r\n\r\n1\r\n--x--\r\n', form, unreadable],
    [`${head('a')}1\r\n${head('a')}1\r\n--x--\r\n`, form, 'The body names a twice.'],
  ]
  for (const [payload, contentType, fault] of cases) {
    assert.deepEqual(await send(payload, contentType), { status: 400, body: { fault } }, fault)
  }
  assert.deepEqual(await send(`${head('__proto__')}1\r\n--x--\r\n`, form), { status: 200, body: [['__proto__', '1']] })
  assert.deepEqual(await send(`${head('a%22b')}--y\r\n\r\n--x--`, form), { status: 200, body: [['a"b', '--y\r\n']] })
  assert.deepEqual(await send('--x--\r\n', form), { status: 200, body: [] })
})

test('as other programs write it, it is read the same', async () => {
  const form = new FormData()
  form.append('page', '2')
  form.append('picture', new Blob([new Uint8Array([1, 13, 10, 2])]), 'ein "Bild".jpg')
  const sent = new Response(form)
  const answer = await send(Buffer.from(await sent.arrayBuffer()), sent.headers.get('content-type')!)
  assert.deepEqual(answer.body, [
    ['page', '2'],
    ['picture', [1, 13, 10, 2]],
  ])
})

test('only so many are taken at once', async (t) => {
  const app = Fastify()
  t.after(() => app.close())
  await takeUploads(app)
  const gate = Promise.withResolvers<void>()
  app.post('/', async () => {
    await gate.promise
    return 'done'
  })
  const { payload, headers } = formOf({ a: '1' })
  const post = () => app.inject({ method: 'POST', url: '/', payload, headers })
  const held = Array.from({ length: 16 }, post)
  await new Promise((resolve) => setTimeout(resolve, 100))
  const late = await post()
  assert.equal(late.json().message, 'Too many pictures are being sent; try again in a moment.')
  gate.resolve()
  assert.ok((await Promise.all(held)).every(({ statusCode }) => statusCode === 200))
  assert.equal((await post()).statusCode, 200)
})
