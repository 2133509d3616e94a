import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'

export const CALLERS = 64
/** Made up by us and known to every server with the demo: its answer is in memory after the first call. */
const KNOWN = 'https://weidian.com/item.html?itemID=7266541641'

export type Payer = { name: 'balance' | 'daily'; accountId: number; keyId: number; key: string }

/** An answer that a caller has read to its end. */
export type Answered = {
  requestId: string
  payer: Payer['name']
  status: number
  billed: string | null
  cost: string | null
  /** Of a request that may be sent again. */
  idempotencyKey: string | null
  isReplay: boolean
}

type Request = { url: string; idempotencyKey: string | null }

/** What the callers do over all lives of the server. */
export type Load = {
  /** Keeps 64 callers busy until the server is gone. */
  run(url: string, payers: readonly Payer[], acknowledge: (answered: Answered) => void): Promise<void>
  /** Answers that nobody expects. */
  readonly faults: string[]
  /** Requests that a kill cut off and that were sent again. */
  readonly resent: number
}

export function openLoad(): Load {
  const faults: string[] = []
  /** Requests with an Idempotency-Key by payer: those that were never answered, and some that were. */
  const unfinished = new Map<string, Request[]>()
  const answered = new Map<string, Request[]>()
  let resent = 0
  let next = 0

  const of = (lists: Map<string, Request[]>, { name }: Payer) => {
    if (!lists.has(name)) lists.set(name, [])
    return lists.get(name)!
  }

  /** Most are in memory; some wait for a source, some are nowhere, some may be sent again. */
  function draw(payer: Payer): Request {
    const cutOff = of(unfinished, payer).pop()
    if (cutOff) {
      resent++
      return cutOff
    }
    const number = ++next
    const [nth, ofHundred] = [Math.floor(number / 2), Math.floor(number / 2) % 100]
    const again = of(answered, payer)
    if (ofHundred === 0 && again.length > 0) return again[nth % again.length]!
    // Those that end in 404 exist nowhere.
    const id = ofHundred < 4 ? `6${String(number).padStart(8, '0')}404` : `6${String(number).padStart(8, '0')}001`
    const isKnown = ofHundred >= 20 && ofHundred !== 98
    const url = isKnown ? KNOWN : `https://detail.1688.com/offer/${id}.html`
    return { url, idempotencyKey: ofHundred >= 94 ? `key-${payer.name}-${number}` : null }
  }

  async function ask(server: string, payer: Payer, request: Request): Promise<Answered> {
    const { url, idempotencyKey } = request
    const answer = await fetch(`${server}/api/v1/item`, {
      method: 'POST',
      headers: {
        'x-api-key': payer.key,
        'content-type': 'application/json',
        ...(idempotencyKey && { 'idempotency-key': idempotencyKey }),
      },
      // The reference makes the call findable in the request log, whichever attempt was paid.
      body: JSON.stringify({ url, ...(idempotencyKey && { tid: idempotencyKey }) }),
    })
    const body = await answer.text()
    const expected = url.endsWith('404.html') ? 404 : 200
    if (answer.status !== expected) faults.push(`${answer.status} for ${url}: ${body.slice(0, 200)}`)
    return {
      requestId: answer.headers.get('x-request-id')!,
      payer: payer.name,
      status: answer.status,
      billed: answer.headers.get('x-billed'),
      cost: answer.headers.get('x-cost'),
      idempotencyKey,
      isReplay: answer.headers.has('idempotent-replayed'),
    }
  }

  async function call(server: string, payer: Payer, acknowledge: (answered: Answered) => void): Promise<void> {
    for (;;) {
      const request = draw(payer)
      try {
        acknowledge(await ask(server, payer, request))
      } catch {
        // The server is gone; whoever may send it again does so in its next life.
        if (request.idempotencyKey) of(unfinished, payer).push(request)
        return
      }
      if (request.idempotencyKey && of(answered, payer).length < 200) of(answered, payer).push(request)
    }
  }

  return {
    faults,
    get resent() {
      return resent
    },
    async run(url, payers, acknowledge) {
      const callers = Array.from({ length: CALLERS }, (_each, at) =>
        call(url, payers[at % payers.length]!, acknowledge),
      )
      await Promise.all(callers)
    },
  }
}

/** A source's server that answers `ms` later than it would. Answers its address. */
export async function slowed(t: Pick<TestContext, 'after'>, address: string, ms: number): Promise<string> {
  const { hostname, port } = new URL(address)
  const sockets = new Set<Socket>()
  const server = createServer((caller) => {
    const upstream = connect(Number(port), hostname)
    for (const socket of [caller, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => sockets.delete(socket))
    }
    caller.pipe(upstream)
    upstream.on('data', (bytes) => void delay(ms).then(() => caller.write(bytes)))
    upstream.on('close', () => void delay(ms).then(() => caller.destroy()))
    caller.on('close', () => upstream.destroy())
  })
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
