import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { convertLink } from '../../../src/products/links/convert.ts'
import { extractLinks } from '../../../src/products/links/extract.ts'
import type { Link } from '../../../src/products/links/link.ts'
import { MARKETPLACES, canonicalUrl, isListingId } from '../../../src/products/links/marketplaces.ts'
import { parseLink } from '../../../src/products/links/parse.ts'
import { AGENT_IDS, listAgents } from '../../../src/products/links/registry.ts'
import { encoded } from './fixtures/rows.ts'

const RUNS = { numRuns: 2_000, seed: 20_261_121 }

const listingId = fc.bigInt({ min: 1n, max: 9_999_999_999_999n }).map(String)
const marketplace = fc.constantFrom(...MARKETPLACES)
const agentId = fc.constantFrom(...AGENT_IDS)
const host = fc.constantFrom(
  'item.taobao.com',
  'detail.tmall.com',
  'weidian.com',
  'detail.1688.com',
  'k.youshop10.com',
  ...listAgents().flatMap((agent) => [...agent.hosts, ...agent.shortHosts]),
)

/** Texts built of the pieces that links are built of, so that they get past the first look. */
const linkish = fc
  .array(
    fc.oneof(
      host,
      listingId,
      fc.constantFrom('https://', 'http://', '//', '/', '?', '&', '=', '#', '#/', ':', '@', '%', '\\', '.', '..', ' '),
      fc.constantFrom('id=', 'url=', 'itemID=', 'platform=', 'item.htm', 'product', 'offer', '&amp;', '%3D', '%253A'),
      fc.constantFrom('](', '，', '淘', '\u200b', '<', '"', '\ud800', '\u0000', '%E0%A4%A', 'https%3A%2F%2F'),
      fc.string({ maxLength: 5 }),
    ),
    { maxLength: 24 },
  )
  .map((parts) => parts.join(''))
const anything = fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), linkish)

function assertSound(link: Link): void {
  if (link.type === 'item') {
    assert.ok(isListingId(link.listingId))
    assert.equal(link.canonicalUrl, canonicalUrl(link.marketplace, link.listingId))
    assert.equal(link.reason, null)
    return
  }
  assert.match(link.reason, /^[A-Z].*\.$/s)
  if (link.listingId !== null) assert.ok(isListingId(link.listingId))
  if (link.shortUrl !== null) assert.match(link.shortUrl, /^https:\/\/[a-z0-9.-]+\/[!-~]*$/)
}

test('any text gives a sound answer and no exception', () => {
  fc.assert(
    fc.property(anything, (text) => {
      const link = parseLink(text)
      assert.equal(link.input, text)
      assertSound(link)
      for (const each of extractLinks(text)) assertSound(each)
      convertLink(link, 'all', 'keep')
    }),
    RUNS,
  )
})

test('a listing written for an agent is read back as that listing', () => {
  fc.assert(
    fc.property(marketplace, listingId, agentId, (place, id, agent) => {
      const { converted } = convertLink(parseLink(canonicalUrl(place, id)), agent)
      const url = converted[agent]
      if (url === undefined) return
      const back = parseLink(url)
      assert.equal(back.listingId, id)
      assert.equal(back.agent, agent)
      if (back.type === 'item') {
        const family = (name: string) => (name === 'tmall' ? 'taobao' : name)
        assert.equal(family(back.marketplace), family(place))
      }
    }),
    RUNS,
  )
})

test('a wrapped address is read at any depth of encoding from 0 to 3', () => {
  fc.assert(
    fc.property(marketplace, listingId, fc.integer({ min: 0, max: 3 }), (place, id, times) => {
      const inner = canonicalUrl(place, id)
      for (const outer of [
        'https://www.kakobuy.com/item/details?url=',
        'https://www.fishgoo.com/#/product?productLink=',
      ]) {
        const link = parseLink(`${outer}${encoded(inner, times)}&x=1`)
        assert.deepEqual([link.type, link.marketplace, link.listingId], ['item', place, id])
      }
      assert.equal(parseLink(encoded(inner, times)).canonicalUrl, inner)
    }),
    RUNS,
  )
})

test('a host that only resembles a known one never gives anything', () => {
  const label = fc.stringMatching(/^[a-z0-9]{1,12}$/)
  fc.assert(
    fc.property(host, label, listingId, (name, extra, id) => {
      const path = `/item.htm?id=${id}&itemID=${id}&platform=weidian&source=WD`
      for (const forged of [`${name}.${extra}.test`, `${extra}-${name}.test`, `${name}${extra}.test`]) {
        const link = parseLink(`https://${forged}${path}`)
        assert.deepEqual([link.type, link.listingId, link.agent], ['none', null, null], forged)
      }
    }),
    RUNS,
  )
})

test('every link put into a text is found in it, in order', () => {
  const separator = fc.constantFrom(' ', '\n', '，', '。看', ', ', '" "', ') (', '\t')
  fc.assert(
    fc.property(fc.array(fc.tuple(marketplace, listingId, separator), { maxLength: 8 }), (parts) => {
      const text = parts.map(([place, id, after]) => canonicalUrl(place, id) + after).join('')
      assert.deepEqual(
        extractLinks(text).map((link) => [link.type, link.marketplace, link.listingId]),
        parts.map(([place, id]) => ['item', place, id]),
      )
    }),
    RUNS,
  )
})
