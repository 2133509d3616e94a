import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { obey, readCommand } from './control.ts'
import type { Control } from './control.ts'

/** A request, read whole. */
export type Call = { method: string; path: string; query: URLSearchParams; body: string }
/** What to answer; `drop` breaks the connection, `hold` never answers. */
export type Reply = { status: number; body: string } | 'drop' | 'hold'

export type Listening = { url: string; stop(): Promise<void> }

const BODY_MAX = 2_000_000

/** Serves one protocol on its own port, and `/_control` beside it. `port` 0 picks a free one. */
export async function listen(
  { host, port }: { host: string; port: number },
  control: Control,
  handle: (call: Call) => Reply,
): Promise<Listening> {
  const server = createServer((request, response) => {
    readCall(request).then(
      (call) => answer(response, guarded(call.path === '/_control' ? (each) => steer(control, each) : handle, call)),
      () => request.destroy(),
    )
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const bound = (server.address() as AddressInfo).port
  const shown = host.includes(':') ? `[${host}]` : host
  return {
    url: `http://${shown}:${bound}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        // Held answers would keep it open.
        server.closeAllConnections()
      }),
  }
}

function guarded(handle: (call: Call) => Reply, call: Call): Reply {
  try {
    return handle(call)
  } catch {
    return { status: 500, body: 'the local upstream failed' }
  }
}

async function readCall(request: IncomingMessage): Promise<Call> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > BODY_MAX) throw new Error('the request is too large')
    chunks.push(chunk)
  }
  const url = new URL(request.url ?? '/', 'http://upstream.invalid')
  const body = Buffer.concat(chunks).toString('utf8')
  return { method: request.method ?? 'GET', path: url.pathname, query: url.searchParams, body }
}

function answer(response: ServerResponse, reply: Reply): void {
  if (reply === 'hold') return
  if (reply === 'drop') {
    response.socket?.destroy()
    return
  }
  response.writeHead(reply.status, { 'content-type': 'application/json; charset=utf-8' }).end(reply.body)
}

/** GET tells the switches and the counts; POST sets switches. */
function steer(control: Control, { method, body }: Call): Reply {
  if (method === 'POST') {
    const command = readCommand(body)
    if (typeof command === 'string') return { status: 400, body: JSON.stringify({ error: command }) }
    obey(control, command)
  }
  const { calls, ...switches } = control
  return { status: 200, body: JSON.stringify({ ...switches, calls: Object.fromEntries(calls) }) }
}
