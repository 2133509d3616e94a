import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAccount } from '../src/access/accounts/accounts.ts'
import { readConfig } from '../src/config.ts'
import { openCtx, type Ctx } from '../src/ctx.ts'
import { demoListings } from '../src/demo/catalogue.ts'
import { openLog } from '../src/lib/log.ts'
import { SYSTEM, walletOf } from '../src/money/ledger/accounts.ts'
import { transfer } from '../src/money/ledger/ledger.ts'
import { storeDemo } from '../src/products/catalog/catalog.ts'
import type { Scope } from '../src/products/catalog/product.ts'

export const SCOPE: Scope = { catalogue: 'demo' }
const WALLET_FEN = 1_000_000_000_000

/** Skus that can be bought one by one, each of another product. */
export const SHELF = demoListings()
  .filter(({ minimumOrder }) => (minimumOrder ?? 1) === 1)
  .flatMap(({ id, skus }) =>
    skus
      .filter(({ stock }) => stock !== 0)
      .slice(0, 1)
      .map(({ skuId }) => ({ productId: id, skuId })),
  )

/** An embedded database as it is served, fsync on, with the demo's products. `close` removes it. */
export async function openShop(): Promise<{ ctx: Ctx; close(): Promise<void> }> {
  const dataDir = mkdtempSync(join(tmpdir(), 'openhaul-bench-'))
  const ctx = await openCtx(readConfig({ DATA_DIR: dataDir }), openLog('error'))
  const close = async () => {
    await ctx.close()
    rmSync(dataDir, { recursive: true, force: true })
  }
  await storeDemo(ctx, demoListings())
  return { ctx, close }
}

/** Runs one benchmark in a shop of its own, and prints its time. */
export async function withShop(run: (ctx: Ctx) => Promise<void>): Promise<void> {
  const beganAt = performance.now()
  const { ctx, close } = await openShop()
  await run(ctx).finally(close)
  console.log(`in all ${secondsSince(beganAt)} s`)
}

export function secondsSince(beganAt: number): string {
  return ((performance.now() - beganAt) / 1000).toFixed(0)
}

/** New accounts with more in their wallets than a benchmark spends. */
export async function seedShoppers(ctx: Ctx, count: number): Promise<number[]> {
  const ids: number[] = []
  for (let at = 0; at < count; at++) {
    const { id } = await createAccount(ctx, `shopper ${at}`)
    const money = { from: SYSTEM.payments.CNY, to: walletOf(id), amountMinor: WALLET_FEN, reason: 'bench' }
    await ctx.db.transaction().execute((tx) => transfer(tx, { ...money, name: `bench:${id}`, at: ctx.clock.now() }))
    ids.push(id)
  }
  return ids
}
