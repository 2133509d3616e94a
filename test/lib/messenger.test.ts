import assert from 'node:assert/strict'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { openHttp } from '../../src/lib/http-client.ts'
import { openMessenger } from '../../src/lib/messenger.ts'
import { testServer } from './http-server.ts'

const MESSAGE = { channel: 'email', to: 'ada@example.com', text: 'Hello' } as const

test('a message is posted as JSON, with the key of the service, and has to be taken', async (t) => {
  const came: object[] = []
  const answers = [204, 503]
  const { url } = await testServer(t, (request, response) => {
    void text(request).then((body) => {
      const { authorization, 'content-type': type } = request.headers
      came.push({ method: request.method, path: request.url, authorization, type, body: JSON.parse(body) as unknown })
      return response.writeHead(answers.shift()!).end()
    })
  })
  const http = openHttp()
  t.after(() => http.close())
  await openMessenger(http, { url: `${url}/send`, key: 'secret' }).send(MESSAGE)
  const other = { ...MESSAGE, channel: 'sms', to: '+442079460018' } as const
  const refused = openMessenger(http, { url: `${url}/send`, key: null }).send(other)
  await assert.rejects(refused, { message: 'the sender of messages answered 503' })
  const common = { method: 'POST', path: '/send', type: 'application/json' }
  assert.deepEqual(came, [
    { ...common, authorization: 'Bearer secret', body: MESSAGE },
    { ...common, authorization: undefined, body: other },
  ])
})
