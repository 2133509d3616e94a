import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { convertLink } from '../../../src/products/links/convert.ts'
import { parseLink } from '../../../src/products/links/parse.ts'
import { isDisputed, judge, withoutIds } from './judge.ts'
import type { Row } from './judge.ts'

type Conversion = { input: string; target: string; output: string; referral?: string }

/**
 * Outputs, their ids blanked, that spell the link of their agent in another way than the registry, which writes one
 * spelling an agent and reads them all. Agent, marketplace and listing are the same.
 */
const OTHER_SPELLING: ReadonlySet<string> = new Set([
  'https://cnfans.com/product/?id=#&shop_type=weidian',
  'https://mulebuy.com/product/?id=#&shop_type=taobao',
  'https://cnfans.com/product/?platform=TAOBAO&id=#',
  'https://litbuy.com/product/2/#?inviteCode=',
  'https://www.cssbuy.com/shop/goodsDetail?type=micro&id=#&promotionCode=',
  'https://www.acbuy.com/product?id=#&platform=WEIDIAN',
  'https://www.allchinabuy.com/en/page/buy/?nTag=Home-search&from=search-input&_search=url&url=https%3A%2F%2Fweidian.com%2Fitem.html%3FitemID%3D#&partnercode=',
  'https://www.kameymall.com/purchases?url=https%3A%2F%2Fweidian.com%2Fitem.html%3FitemID%3D#',
  'https://orientdig.com/product?id=#&platform=WEIDIAN&inviteCode=',
  'https://pantherbuy.com/Shop/SearchproductDetails?tp=weidian&url=https%3A%2F%2Fweidian.com%2Fitem.html%3FitemID%3D#',
  'https://www.ponybuy.com/products/weidian/#',
])

function readRows(t: TestContext, name: 'corpus.jsonl'): Row[] | null
function readRows(t: TestContext, name: 'conversions.jsonl'): Conversion[] | null
function readRows(t: TestContext, name: string): unknown[] | null {
  const url = new URL(`../../../../shared/links/${name}`, import.meta.url)
  if (!existsSync(url)) {
    t.skip(`${name} of the shared material is not here`)
    return null
  }
  const lines = readFileSync(url, 'utf8').trim().split('\n')
  return lines.map((line) => JSON.parse(line) as unknown)
}

test('every row of the corpus is right but the disputed ones', (t) => {
  const rows = readRows(t, 'corpus.jsonl')
  if (!rows) return
  const failed = rows.filter((row) => judge(row, parseLink(row.url)) !== 'right')
  assert.deepEqual(
    failed.map((row) => row.url),
    rows.filter(isDisputed).map((row) => row.url),
  )
  assert.ok(failed.length <= rows.length / 100)
  t.diagnostic(`${rows.length - failed.length} of ${rows.length} right, ${failed.length} disputed`)
})

test('disputed rows are right in all but what is disputed', (t) => {
  const rows = readRows(t, 'corpus.jsonl')
  if (!rows) return
  for (const row of rows.filter(isDisputed)) {
    assert.equal(judge({ ...row, agent: null }, parseLink(row.url)), 'right')
  }
})

/**
 * To a marketplace (`raw`): our canonical address is the whole output, or, where the output keeps a seller's own
 * parameters or path, the canonical address of what the output is. To a shop: the whole output but for a last slash.
 */
test('every conversion back to a marketplace is right', (t) => {
  const rows = readRows(t, 'conversions.jsonl')?.filter(({ target }) => target.startsWith('raw'))
  if (!rows) return
  let whole = 0
  for (const { input, target, output } of rows) {
    const link = parseLink(input)
    assert.equal(link.type, target === 'raw' ? 'item' : 'store', input)
    assert.ok(link.canonicalUrl)
    if (link.canonicalUrl.replace(/\/$/, '') === output.replace(/\/$/, '')) whole += 1
    else assert.equal(link.canonicalUrl, parseLink(output).canonicalUrl, input)
  }
  assert.ok(whole >= rows.length - 2, `${whole} of ${rows.length} whole`)
  t.diagnostic(`${rows.length} right, ${whole} of them to the letter`)
})

/**
 * To an agent: the same agent, marketplace and listing, always; and the whole output, compared without what carries
 * nothing: an empty code of invitation at the end, `www.`, a slash before the query, tmall's `item_o.htm`.
 */
test('every conversion to an agent is right', (t) => {
  const rows = readRows(t, 'conversions.jsonl')?.filter(({ target }) => !target.startsWith('raw'))
  if (!rows) return
  const spelling = (url: string) =>
    url
      .replace(/[?&][A-Za-z_]+=$/, '')
      .replace('://www.', '://')
      .replace('/?', '?')
      .replace('item_o.htm', 'item.htm')
  let letters = 0
  for (const { input, target, output, referral } of rows) {
    const ours = convertLink(parseLink(input), target, referral === undefined ? 'none' : { [target]: referral })
    const url = ours.converted[target]
    assert.ok(url, `${input} to ${target}`)
    const [mine, theirs] = [parseLink(url), parseLink(output)]
    assert.deepEqual(
      [mine.type, mine.canonicalUrl, mine.agent, mine.referral],
      [theirs.type, theirs.canonicalUrl, theirs.agent, theirs.referral],
      output,
    )
    assert.equal(spelling(url) === spelling(output), !OTHER_SPELLING.has(withoutIds(output)), `${url} for ${output}`)
    if (url === output) letters += 1
  }
  t.diagnostic(
    `${rows.length} right, ${rows.length - OTHER_SPELLING.size} in the same spelling, ${letters} to the letter`,
  )
})
