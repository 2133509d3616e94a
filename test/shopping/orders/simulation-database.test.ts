import assert from 'node:assert/strict'
import { test } from 'node:test'
import { auditBooks } from '../../../src/money/ledger/audit.ts'
import { testCtx } from '../../app.ts'
import { testDatabase } from '../../database.ts'
import { databaseShop, stockShop } from './model-database.ts'
import { TERMS } from './model.ts'
import { run, runSeed, SEED, SEEDS } from './simulation.ts'

const EVENTS = 60
/** Streams that are under way at once. */
const AT_ONCE = 3

test(
  `${SEEDS} streams of ${EVENTS} events do the same to the database`,
  { timeout: 120_000 + SEEDS * 2_000 },
  async (t) => {
    t.diagnostic(`SEED=${SEED} SEEDS=${SEEDS}`)
    const { pool } = await testDatabase(t)
    const env = {
      SERVICE_FEE_PERCENT: String(TERMS.feeBasisPoints / 100),
      ORDER_ACCEPT_MINUTES: String(TERMS.acceptMinutes),
      ORDER_PENDING_HOURS: String(TERMS.pendingHours),
    }
    const ctx = { ...(await testCtx(t, env)), pool }
    await stockShop(ctx)
    const startedAt = performance.now()
    const seconds = () => ((performance.now() - startedAt) / 1_000).toFixed(1)
    let [begun, done] = [0, 0]
    async function work(): Promise<void> {
      while (begun < SEEDS) {
        const seed = SEED + begun++
        let tries = 0
        const shop = () => databaseShop(ctx, `stream ${seed}.${++tries}`)
        await runSeed({ seed, events: EVENTS }, async (stream) => run(stream, { other: await shop() }))
        if (++done % 100 === 0) console.log(`${done} streams in ${seconds()} s`)
        // Else its plans stay those of empty tables, and each stream takes longer than the one before.
        if (done % 50 === 0) await pool.query('analyze')
      }
    }
    const workers = Array.from({ length: AT_ONCE }, async () => {
      // One that failed lets the others begin no further stream.
      await work().finally(() => (begun = SEEDS))
    })
    for (const end of await Promise.allSettled(workers)) if (end.status === 'rejected') throw end.reason
    assert.deepEqual(await auditBooks(ctx.db), { sums: { USD: 0, CNY: 0 }, faults: [] })
    const { rows: misplaced } = await pool.query(`
    select order_no from (select *, row_number() over (partition by account_id order by id) as place from purchase_order) o
    where nth <> place`)
    assert.deepEqual(misplaced, [], 'an account has a gap among its orders')
    t.diagnostic(`${SEEDS} streams in ${seconds()} s`)
  },
)
