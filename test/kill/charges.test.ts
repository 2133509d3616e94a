import assert from 'node:assert/strict'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import test, { type TestContext } from 'node:test'
import { createAccount, setAccountCap } from '../../src/access/accounts/accounts.ts'
import { creditAccount } from '../../src/access/accounts/credit.ts'
import { createKey } from '../../src/access/keys/keys.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { openDb } from '../../src/lib/db/db.ts'
import { startEmbedded } from '../../src/lib/db/embedded.ts'
import { systemRandom } from '../../src/lib/ids.ts'
import { setPlan } from '../../src/money/plans/plans.ts'
import { startUpstreams } from '../../src/upstreams/start.ts'
import { silentLog } from '../database.ts'
import { scratch } from '../lib/db/members.ts'
import { proveCharges, type Loss } from './charge-books.ts'
import { openLoad, slowed, type Answered, type Load, type Payer } from './charge-load.ts'
import { killCount, killRepeatedly, lifeTable, type Scenario } from './kills.ts'

const USD = 1_000_000
const UPSTREAM_MS = 20
const MAIN = join(import.meta.dirname, '../../src/main.ts')

/** Callers of two accounts keep asking for items; what they have read to its end is acknowledged. */
function chargeScenario(options: {
  dataDir: string
  load: Load
  env: Record<string, string>
  losses: (losses: Loss[]) => void
}): Scenario<Answered> {
  const { dataDir, load, env, losses } = options
  const startedAt: Date[] = []
  let payers: Payer[] | null = null
  let isRunning = false
  return {
    program() {
      startedAt.push(new Date())
      isRunning = true
      return { args: [MAIN, 'serve'], env }
    },
    async drive(child, acknowledge) {
      child.once('exit', () => (isRunning = false))
      for await (const line of createInterface({ input: child.stdout! })) {
        const url = /^openhaul ready on (.*)$/.exec(line)?.[1]
        if (!url) continue
        payers ??= await makePayers(dataDir)
        await load.run(url, payers, acknowledge)
      }
    },
    async verify(connection, answered) {
      assert.deepEqual(load.faults, [])
      losses(await proveCharges(connection, { payers: payers!, answered, startedAt, isRunning }))
    },
  }
}

/** One account that pays from its balance, and one from a daily allowance; all caps are counted, and none is met. */
async function makePayers(dataDir: string): Promise<Payer[]> {
  const embedded = await startEmbedded({ dataDir, log: silentLog })
  const { db, close } = openDb(embedded.connection, { log: silentLog })
  const ctx = { db, clock: systemClock, random: systemRandom }
  const payers: Payer[] = []
  for (const name of ['balance', 'daily'] as const) {
    const account = await createAccount(ctx, name)
    await db.transaction().execute(async (tx) => {
      const perDay = name === 'daily' ? { perDay: 10_000_000 } : {}
      await setPlan(tx, account.id, 'item', 'custom', { perSecond: null, ...perDay })
      await setAccountCap(tx, account.id, 50_000 * USD)
    })
    const amountMinor = 100_000 * USD
    await creditAccount(ctx, { account, isSandbox: false, currency: 'USD', amountMinor, reason: 'test', actor: 'test' })
    const caps = { capCalls: 10_000_000, capUsdMicros: 50_000 * USD }
    const { id, key } = await createKey(ctx, { account, style: 'cbk', mode: 'live', ...caps })
    payers.push({ name, accountId: account.id, keyId: id, key })
  }
  await close()
  await embedded.leave()
  return payers
}

async function environment(t: TestContext): Promise<Record<string, string>> {
  const upstreams = await startUpstreams({ port: 0, clock: systemClock })
  t.after(() => upstreams.stop())
  return {
    ...upstreams.env,
    ALIBABA1688_URL: await slowed(t, upstreams.env['ALIBABA1688_URL']!, UPSTREAM_MS),
    PORT: '0',
    DATABASE_URL: '',
    LOG_LEVEL: 'error',
    SOURCES: 'alibaba1688',
    TRANSLATE_URL: '',
  }
}

test(
  'every answered call is paid exactly once whatever is killed, and what was cut off is voided and listed',
  { timeout: 900_000 },
  async (t) => {
    const dataDir = join(scratch(t), 'data')
    const load = openLoad()
    const kills = killCount()
    let losses: Loss[] = []
    const lives = await killRepeatedly({
      scenario: chargeScenario({ dataDir, load, env: await environment(t), losses: (latest) => (losses = latest) }),
      dataDir,
      kills,
      random: Math.random,
    })
    const lines = lifeTable(lives).split('\n')
    const table = lines.map((line, at) => {
      const { unanswered, cutOff } = losses[at]!
      return `${line}; paid and never answered ${unanswered}, cut off and voided ${cutOff}`
    })
    t.diagnostic(`\n${table.join('\n')}\n${load.resent} requests were sent again after a kill`)
    assert.equal(lives.length, kills + 1)
    assert.deepEqual(losses.at(-1), { unanswered: 0, cutOff: 0 }, 'a server that was asked to stop answers what it has')
    // Else the kills came at moments that prove nothing.
    assert.ok(
      losses.some(({ cutOff }) => cutOff > 0),
      'no call was cut off',
    )
    assert.ok(load.resent > 0, 'no request was sent again')
  },
)
