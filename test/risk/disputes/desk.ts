import type { TestContext } from 'node:test'
import type { Ctx } from '../../../src/ctx.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import type { Message } from '../../../src/lib/messenger.ts'
import { requestCode, type Reachable } from '../../../src/risk/disputes/codes.ts'
import { addEntry, HOUSE, STAFF, type Owner, type Source } from '../../../src/risk/list/entries.ts'
import type { NewEntry } from '../../../src/risk/list/prepare.ts'
import { ensureKeys } from '../../../src/risk/list/generations.ts'
import { testApp } from '../../app.ts'
import { testDatabase } from '../../database.ts'
import { KNOWN_KEYS } from '../known-keys.ts'

export const NOW = '2026-11-21T17:00:00Z'
export const MINUTE_MS = 60_000

/** The app with a sender that keeps its messages; with `isLate` it sends them, and answers too late. */
export async function desk(t: TestContext, env = KNOWN_KEYS) {
  let atMs = Date.parse(NOW)
  const clock = { ...systemClock, now: () => new Date(atMs) }
  const advance = (ms: number) => void (atMs += ms)
  const sender = { sent: [] as Message[], isLate: false, beforeSending: async () => {} }
  const send = async (message: Message) => {
    await sender.beforeSending()
    sender.sent.push(message)
    if (sender.isLate) throw new Error('nobody answers')
  }
  const { app, ctx } = await testApp(t, env, { clock, messenger: { send } })
  await ensureKeys(ctx)
  const { pool } = await testDatabase(t)
  // Every desk begins at the same moment, where those of the one before would count.
  await pool.query('delete from risk_code')
  /** The code that was sent last. */
  const code = () => sender.sent.at(-1)!.text.slice(0, 8)
  /** Everybody asks from a place of his own, unless one is given. */
  const ask = (asked: Reachable, caller = asked.value) => requestCode(ctx, asked, caller)
  return { app, ctx, advance, pool, sender, code, ask }
}

export const email = (value: string): Reachable => ({ type: 'email', value })

export async function list(
  ctx: Ctx,
  value: string,
  change: Partial<NewEntry & Owner & { source: Source }> = {},
): Promise<number> {
  const { owner = HOUSE, isSandbox = false, source = STAFF, ...entry } = change
  const whole: NewEntry = { kind: 'adverse', type: 'email', value, reasonCode: 'chargeback', ...entry }
  return (await addEntry(ctx, { entry: whole, owner, isSandbox, source, actor: 'test' })).id
}
