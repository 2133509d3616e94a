import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HttpError } from '../../../src/lib/http.ts'
import type { Http, HttpRequest, HttpResponse } from '../../../src/lib/http.ts'
import { parseLink } from '../../../src/products/links/parse.ts'
import { resolveShortLink } from '../../../src/products/links/resolve.ts'

type Reply = HttpResponse | HttpError

function redirect(location: string, status = 302): HttpResponse {
  return { status, headers: { location }, text: '' }
}

function page(text: string): HttpResponse {
  return { status: 200, headers: { 'content-type': 'text/html' }, text }
}

/** A transport with one reply per address, which follows nothing and notes what it was asked. */
function transport(replies: Record<string, Reply>): { http: Http; asked: HttpRequest[] } {
  const asked: HttpRequest[] = []
  return {
    asked,
    http: {
      async send(request) {
        asked.push(request)
        const reply = replies[request.url]
        assert.ok(reply, `nothing stands at ${request.url}`)
        if (reply instanceof HttpError) throw reply
        return reply
      },
    },
  }
}

const SHORT = 'https://e.tb.cn/h.abcDEF1?tk=xyz'
const ITEM = 'https://item.taobao.com/item.htm?id=600000000011'

/** What a short link's page looks like: its script holds the address, other links on it are furniture. */
const SCRIPT_PAGE = `<!doctype html><html><head><script>
  var url = '${ITEM.replace('?', '?price=1&sourceType=item&')}';
  var backup = 'https://detail.tmall.com/item.htm?id=600000000099';
</script></head><body><a href="https://www.taobao.com/">home</a></body></html>`

const REACHED: [name: string, replies: Record<string, Reply>, asked: string[]][] = [
  ['a redirect', { [SHORT]: redirect(`${ITEM}&ns=1`) }, [SHORT]],
  ['a page that holds the address', { [SHORT]: page(SCRIPT_PAGE) }, [SHORT]],
  ['a page with one listing', { [SHORT]: page(`<a href="${ITEM}&amp;a=1">x</a><a href="${ITEM}">y</a>`) }, [SHORT]],
  [
    'two hops, one of them relative',
    {
      [SHORT]: redirect('/h.second', 301),
      'https://e.tb.cn/h.second': redirect('https://m.tb.cn/h.third', 307),
      'https://m.tb.cn/h.third': redirect(ITEM, 308),
    },
    [SHORT, 'https://e.tb.cn/h.second', 'https://m.tb.cn/h.third'],
  ],
  ['a listing over http, which is not asked', { [SHORT]: redirect(ITEM.replace('https', 'http')) }, [SHORT]],
]

for (const [name, replies, addresses] of REACHED) {
  test(`follows ${name}`, async () => {
    const { http, asked } = transport(replies)
    const link = await resolveShortLink(parseLink(SHORT), http)
    assert.deepEqual(link, { ...parseLink(ITEM), input: SHORT })
    assert.deepEqual(
      asked,
      addresses.map((url) => ({ method: 'GET', url, headers: {}, body: null, timeoutMs: 5_000 })),
    )
  })
}

const STAYED: [name: string, replies: Record<string, Reply>, reason: string, asked?: number][] = [
  [
    'a stranger',
    { [SHORT]: redirect('https://evil.test/item.htm?id=1') },
    'The short link leads to a host that is not of a known marketplace or agent.',
  ],
  [
    'an address of the own network',
    { [SHORT]: redirect('https://127.0.0.1/h.abc') },
    'The short link leads to a host that is not of a known marketplace or agent.',
  ],
  [
    'a forged host',
    { [SHORT]: redirect('https://e.tb.cn@127.0.0.1/h.abc') },
    'The short link leads to a host that is not of a known marketplace or agent.',
  ],
  [
    'a short-link host at another port',
    { [SHORT]: redirect('https://m.tb.cn:8443/h.abc') },
    'The short link leads to a host that is not of a known marketplace or agent.',
  ],
  ['plain http', { [SHORT]: redirect('http://m.tb.cn/h.abc') }, 'The short link leads on over plain http.'],
  [
    'another scheme',
    { [SHORT]: redirect('file:///etc/passwd') },
    'The short link leads to a host that is not of a known marketplace or agent.',
  ],
  ['no address', { [SHORT]: redirect('') }, 'The short-link host redirects without an address.'],
  ['a broken address', { [SHORT]: redirect('https://[') }, 'The short-link host redirects without an address.'],
  [
    'an endless address',
    { [SHORT]: redirect(`https://m.tb.cn/${'x'.repeat(9_000)}`) },
    'The short-link host redirects without an address.',
  ],
  [
    'a public shortener',
    { [SHORT]: redirect('https://tinyurl.com/abc') },
    'A short link whose owner could be anybody: open it and paste the address it leads to.',
  ],
  ['itself', { [SHORT]: redirect(SHORT) }, 'The short link leads back to itself.'],
  [
    'a circle',
    { [SHORT]: redirect('https://m.tb.cn/h.b'), 'https://m.tb.cn/h.b': redirect(SHORT) },
    'The short link leads back to itself.',
    2,
  ],
  [
    'a long chain',
    {
      [SHORT]: redirect('https://m.tb.cn/h.1'),
      ...Object.fromEntries(
        [1, 2, 3, 4, 5, 6].map((each) => [`https://m.tb.cn/h.${each}`, redirect(`https://m.tb.cn/h.${each + 1}`)]),
      ),
    },
    'The short link leads on after 5 steps.',
    5,
  ],
  ['an error', { [SHORT]: { status: 503, headers: {}, text: ITEM } }, 'The short-link host answered with status 503.'],
  ['a page without a listing', { [SHORT]: page('<p>nothing</p>') }, 'The page behind the short link names no listing.'],
  [
    'a page with several listings',
    { [SHORT]: page(`${ITEM} https://weidian.com/item.html?itemID=7100000013`) },
    'The page behind the short link names several listings.',
  ],
  [
    'a giant page',
    { [SHORT]: page(`${'x'.repeat(140_000)} ${ITEM} ${'x'.repeat(5_000_000)}`) },
    'The page behind the short link names no listing.',
  ],
  ['an answer over the limit', { [SHORT]: new HttpError('too_large', 'x') }, 'The short link answers with too much.'],
  ['silence', { [SHORT]: new HttpError('timeout', 'x') }, 'The short-link host did not answer.'],
]

for (const [name, replies, reason, count = 1] of STAYED) {
  test(`stays short at ${name}`, async () => {
    const { http, asked } = transport(replies)
    assert.deepEqual(await resolveShortLink(parseLink(SHORT), http), { ...parseLink(SHORT), reason })
    assert.equal(asked.length, count)
  })
}

test('a page that names one listing as of taobao and of tmall leads to tmall', async () => {
  const tmall = 'https://detail.tmall.com/item.htm?id=600000000011'
  const { http } = transport({ [SHORT]: page(`<a href="${ITEM}">x</a><a href="${tmall}">y</a>`) })
  assert.deepEqual(await resolveShortLink(parseLink(SHORT), http), { ...parseLink(tmall), input: SHORT })
})

test('only short links with a known owner are asked', async () => {
  const { http, asked } = transport({})
  for (const text of [
    ITEM,
    'https://tinyurl.com/abc',
    'https://s.spblk.com/abc',
    'https://www.kakobuy.com/item/details?qr=A',
    'x',
  ]) {
    const link = parseLink(text)
    assert.deepEqual(await resolveShortLink(link, http), link)
  }
  assert.deepEqual(asked, [])
})

test('the agent and the invitation around a short link stay with what it leads to', async () => {
  const text = 'https://www.allchinabuy.com/en/page/buy/?url=https%3A%2F%2Fk.youshop10.com%2FabcDEF12&partnercode=abc'
  const { http } = transport({
    'https://k.youshop10.com/abcDEF12': redirect('https://weidian.com/item.html?itemID=7100000013'),
  })
  assert.deepEqual(await resolveShortLink(parseLink(text), http), {
    ...parseLink('https://weidian.com/item.html?itemID=7100000013'),
    input: text,
    agent: 'allchinabuy',
    referral: { allchinabuy: 'abc' },
  })
})

test('a fault of our own is not swallowed', async () => {
  const http: Http = { send: () => Promise.reject(new TypeError('ours')) }
  await assert.rejects(resolveShortLink(parseLink(SHORT), http), { name: 'TypeError', message: 'ours' })
})
