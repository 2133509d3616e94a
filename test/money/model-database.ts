import { createAccount } from '../../src/access/accounts/accounts.ts'
import { systemClock } from '../../src/lib/clock.ts'
import type { Tx } from '../../src/lib/db/db.ts'
import {
  cancelSubscription,
  endSubscription,
  previewSubscription,
  resumeSubscription,
  subscribe,
} from '../../src/money/billing/billing.ts'
import type { Offer } from '../../src/money/billing/decide.ts'
import { renewDue } from '../../src/money/billing/renew.ts'
import { captureHold, expireHolds, placeHold, voidHold } from '../../src/money/ledger/holds.ts'
import { reverse, transfer } from '../../src/money/ledger/ledger.ts'
import { silentLog, type TestDatabase } from '../database.ts'
import {
  TRANSFER_NAMES,
  CUSTOMERS,
  expiryOf,
  refusalOf,
  START,
  type Outcome,
  type Request,
  type State,
} from './model-commands.ts'
import { printed } from './model-memory.ts'

export type DatabaseBooks = {
  ask(request: Request, now: Date): Promise<Outcome>
  state(): Promise<State>
  /** Leaves nothing that could fall due while others use the database. */
  close(): Promise<void>
}

/** How long somebody looks at a preview. */
const LATE_MS = 15 * 60_000

type Asks = { [K in Request['do']]: (request: Extract<Request, { do: K }>, now: Date) => Promise<Outcome> }

let sets = 0

/**
 * The real books, with two new accounts and names of their own. Expiring and renewing are for all accounts, so that one set
 * at a time is in use.
 */
export async function databaseBooks({ db, pool }: TestDatabase): Promise<DatabaseBooks> {
  const prefix = `m${process.pid}_${++sets}.`
  const ids: number[] = []
  for (const who of CUSTOMERS) {
    const { id } = await createAccount({ db, clock: { ...systemClock, now: () => START } }, `${prefix}${who}`)
    ids.push(id)
  }
  /** As they stood after the last step. */
  let subscriptions: number[] = []
  const codeOf = (code: string) => code.replace(/^(api|wallet):(\d)$/, (_, kind, who) => `${kind}:${ids[Number(who)]}`)
  const clean = (text: string) =>
    text
      .replaceAll(prefix, '')
      .replace(/\b(api|wallet):(\d+)/g, (_, kind, id) => `${kind}:${ids.indexOf(Number(id))}`)
      .replace(/\bsub:(\d+)/g, (_, id) => `sub:${subscriptions.indexOf(Number(id)) + 1}`)
  const named = (name: string) => prefix + name
  /** The name of a charge has the number that the database gave the subscription; the model has its place. */
  const chargeNamed = (name: string) =>
    name.startsWith('sub:')
      ? name.replace(/^sub:(\d+)/, (_, place) => `sub:${subscriptions[Number(place) - 1]}`)
      : named(name)
  const reason = 'model'

  const begin = <T>(work: (tx: Tx) => Promise<T>) => db.transaction().execute(work)
  const ctxAt = (now: Date) => ({ db, clock: { now: () => now }, log: silentLog })
  const wanted = ({ who, product, kind, offer }: Offer & { who: number }) => ({
    accountId: ids[who]!,
    product,
    kind,
    offer,
  })

  const asks: Asks = {
    transfer({ name, from, to, amount: amountMinor }, at) {
      const input = { name: named(name), from: codeOf(from), to: codeOf(to), amountMinor, reason, at }
      return begin((tx) => transfer(tx, input))
    },
    reverse({ name, as }, at) {
      const input = { name: chargeNamed(name), reverseName: named(as), at }
      return begin((tx) => reverse(tx, input))
    },
    place(request, at) {
      const { name, account, amount: amountMinor } = request
      const input = { name: named(name), account: codeOf(account), amountMinor, expiresAt: expiryOf(request, at), at }
      return begin((tx) => placeHold(tx, input))
    },
    capture({ hold, name, to, amount: amountMinor, rest }, at) {
      const input = { hold: named(hold), name: named(name), to: codeOf(to), amountMinor, rest, reason, at }
      return begin((tx) => captureHold(tx, input))
    },
    void: ({ name }, at) => begin((tx) => voidHold(tx, { name: named(name), at })),
    expire: async (_, now) => ({ count: await expireHolds(ctxAt(now)) }),
    preview: async (request, at) => printed(await previewSubscription(db, { ...wanted(request), at })),
    async subscribe(request, now) {
      if (!request.isLate) return printed(await subscribe(ctxAt(now), wanted(request)))
      const expected = await previewSubscription(db, { ...wanted(request), at: now })
      return printed(await subscribe(ctxAt(new Date(now.getTime() + LATE_MS)), wanted(request), expected))
    },
    cancel: async (request, now) => ({ state: (await cancelSubscription(ctxAt(now), wanted(request))).state }),
    resume: async (request, now) => ({ state: (await resumeSubscription(ctxAt(now), wanted(request))).state }),
    async end(request, now) {
      const { accountId, product, kind, offer } = wanted(request)
      return { ended: await begin((tx) => endSubscription(tx, accountId, product, kind, offer, now)) }
    },
    renew: (_, now) => renewDue(ctxAt(now)),
  }

  return {
    async ask(request, now) {
      try {
        return await asks[request.do](request as never, now)
      } catch (error) {
        return refusalOf(error, clean)
      }
    },
    async state() {
      const { rows } = await pool.query<{ state: State; subscriptions: number[] }>({
        // Prepared, as planning it takes longer than running it.
        name: 'state',
        text: STATE,
        values: [ids, TRANSFER_NAMES.map(named)],
      })
      subscriptions = rows[0]!.subscriptions
      return JSON.parse(clean(JSON.stringify(rows[0]!.state))) as State
    },
    async close() {
      await pool.query(
        `update subscription set state = 'ended', ended_at = $2 where account_id = any($1) and state <> 'ended'`,
        [ids, START],
      )
      const { rows } = await pool.query<{ name: string }>(
        `select name from ledger_hold where state = 'open' and starts_with(name, $1)`,
        [prefix],
      )
      for (const { name } of rows) await db.transaction().execute((tx) => voidHold(tx, { name, at: START }))
    },
  }
}

/**
 * Everything of the accounts $1, and the transfers $2, as `State` has it, and the numbers of their subscriptions. Transfers
 * between system accounts are found by their names alone.
 */
const STATE = `
  with own as (
    select id, code, balance_minor, held_minor from ledger_account
    where code = any(select kind || id from unnest($1::bigint[]) id, unnest(array['api:', 'wallet:']) kind)
  ), sub as (
    select * from subscription where account_id = any($1)
  )
  select json_build_object(
    'accounts', (select json_object_agg(code, json_build_array(balance_minor, held_minor)) from own),
    'transfers', (select coalesce(json_agg(json_build_object(
        'name', t.name,
        'from', d.code, 'to', c.code, 'hold', h.name, 'reverses', r.name, 'amount', t.amount_minor) order by t.id), '[]')
      from ledger_transfer t
      join ledger_account d on d.id = t.debit_id join ledger_account c on c.id = t.credit_id
      left join ledger_hold h on h.id = t.hold_id left join ledger_transfer r on r.id = t.reverses_id
      where t.id in (
        select x.id from own join ledger_transfer x on x.debit_id = own.id
        union select x.id from own join ledger_transfer x on x.credit_id = own.id
        union select id from ledger_transfer where name = any($2))),
    'holds', (select coalesce(json_agg(json_build_object(
        'name', h.name, 'account', own.code, 'amount', amount_minor, 'captured', captured_minor, 'state', state,
        'expiresMs', (extract(epoch from expires_at) * 1000)::bigint) order by h.id), '[]')
      from ledger_hold h join own on own.id = h.account_id),
    'subscriptions', (select coalesce(json_agg(json_build_object(
        'who', array_position($1, account_id) - 1, 'product', product, 'kind', kind, 'offer', offer, 'state', state,
        'price', price_usd_micros, 'anchorMs', (extract(epoch from anchor_at) * 1000)::bigint, 'period', period,
        'startMs', (extract(epoch from period_start_at) * 1000)::bigint,
        'endMs', (extract(epoch from period_end_at) * 1000)::bigint) order by id), '[]')
      from sub),
    'plans', (select json_agg(
        (select json_object_agg(product, plan) from account_plan where account_id = i.id) order by i.place)
      from unnest($1) with ordinality i (id, place)),
    'addOns', (select json_agg(
        (select coalesce(json_agg(add_on order by add_on), '[]') from account_add_on where account_id = i.id) order by i.place)
      from unnest($1) with ordinality i (id, place)),
    'news', (select coalesce(json_agg(json_build_array(event, array_position($1, account_id) - 1,
        body::jsonb - array['subscription', 'product', 'kind', 'currency']) order by id), '[]')
      from outbox where account_id = any($1))
  ) as state, array(select id from sub order by id) as subscriptions`
