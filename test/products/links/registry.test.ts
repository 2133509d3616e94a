import assert from 'node:assert/strict'
import { test } from 'node:test'
import { REGISTRY_DATE } from '../../../src/products/links/agents.ts'
import { AGENT_IDS, findAgent, findSite, listAgents } from '../../../src/products/links/registry.ts'

test('every agent is complete and stands once', () => {
  const agents = listAgents()
  assert.equal(agents.length, 61)
  assert.equal(AGENT_IDS.size, 61)
  const hosts = agents.flatMap((agent) => [...agent.hosts, ...agent.shortHosts, ...(agent.unconfirmedHosts ?? [])])
  assert.equal(new Set(hosts).size, hosts.length)
  for (const host of hosts) assert.match(host, /^[a-z0-9-]+(\.[a-z0-9-]+)+$/)
  for (const agent of agents) {
    assert.match(agent.id, /^[a-z0-9]+$/)
    assert.ok(agent.hosts.length > 0 && Object.keys(agent.items).length > 0, agent.id)
    assert.match(agent.evidence, /^Recorded from /)
    for (const template of [...Object.values(agent.items), ...Object.values(agent.stores)]) {
      assert.match(template, /^https:\/\/[^{}]*(\{(?:id|url|url2|code)\}[^{}]*)+$/, agent.id)
      assert.doesNotMatch(template, /\{code\}/, agent.id)
    }
    for (const form of [...agent.decode, ...agent.storeDecode]) {
      assert.match(form.path, /^\/[^A-Z]*$/, agent.id)
      assert.doesNotMatch(form.path, /\.html?$|.\/$/, agent.id)
    }
    if (agent.referral !== null) assert.ok(agent.referralNames.includes(agent.referral.toLowerCase()), agent.id)
  }
  assert.match(REGISTRY_DATE, /^\d{4}-\d\d-\d\d$/)
})

test('the longest host wins, on the boundary of a dot', () => {
  const of = (host: string) => {
    const site = findSite(host)
    return site?.kind === 'marketplace' ? site.marketplace : (site?.kind ?? null)
  }
  const cases: [host: string, site: string | null][] = [
    ['taobao.com', 'taobao'],
    ['x.y.taobao.com', 'taobao'],
    ['2.taobao.com', 'goofish'],
    ['h5.2.taobao.com', 'goofish'],
    ['12.taobao.com', 'taobao'],
    ['s.click.taobao.com', 'short'],
    ['qr.1688.com', 'short'],
    ['l.acbuy.com', 'short'],
    ['www.acbuy.com', 'agent'],
    ['buy.gonest.cn', 'agent'],
    ['gonest.cn', null],
    ['xtaobao.com', null],
    ['taobao.com.evil.test', null],
    ['com', null],
    ['', null],
  ]
  for (const [host, site] of cases) assert.equal(of(host), site, host)
})

test('an agent is found by its id only', () => {
  assert.equal(findAgent('cnfans')?.name, 'CNFans')
  for (const id of ['CNFans', '', 'constructor', '__proto__']) assert.equal(findAgent(id), null)
})
