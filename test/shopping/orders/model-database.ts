import assert from 'node:assert/strict'
import type { Pool } from 'pg'
import { createAccount } from '../../../src/access/accounts/accounts.ts'
import { creditAccount } from '../../../src/access/accounts/credit.ts'
import { claim, fingerprintOf, sealRecord } from '../../../src/access/idempotency/idempotency.ts'
import type { Ctx } from '../../../src/ctx.ts'
import { runDueTimers } from '../../../src/events/timers/timers.ts'
import type { Seal } from '../../../src/lib/db/db.ts'
import { addToCart } from '../../../src/shopping/cart/cart.ts'
import { findWares } from '../../../src/shopping/cart/ware.ts'
import { claimCoupon, createCoupon, withdrawCoupon } from '../../../src/shopping/coupons/coupons.ts'
import { createOrder } from '../../../src/shopping/orders/create.ts'
import { moveOrder, ORDER_TIMERS } from '../../../src/shopping/orders/moves.ts'
import type { PlacedLine, PlacedOrder } from '../../../src/shopping/orders/orders.ts'
import { previewOrder, type OrderWish } from '../../../src/shopping/orders/quotes.ts'
import { keepRecord } from '../../../src/surfaces/idempotency.ts'
import { BACKPACK, PLAIN, sku, SHOES, stock, WHOLESALE } from '../cart/shelf.ts'
import {
  COUPONS,
  isKeyed,
  refusalOf,
  SHOPPERS,
  START,
  statusOf,
  WARES,
  type Answer,
  type Ask,
  type Crash,
  type LineOf,
  type Message,
  type OrderState,
  type Outcome,
  type State,
  type Wish,
} from './model.ts'

export type DatabaseShop = {
  deliver(message: Message, crash: Crash, now: Date): Promise<Outcome>
  state(): Promise<State>
}

const SCOPE = { catalogue: 'demo' } as const
/** Of what is not on sale. */
const NOTHING = { productId: 99, skuId: 'none' }

/** The process died. */
class Crashed extends Error {}

/** Puts on sale what the model sells. */
export async function stockShop(ctx: Ctx): Promise<void> {
  const [shoes, backpack, wholesale, plain] = WARES
  await stock(ctx, {
    [SHOES]: sku(shoes.skuId, { priceFen: shoes.priceFen, stock: shoes.stock }),
    [BACKPACK]: sku(backpack.skuId, { priceFen: backpack.priceFen, stock: backpack.stock }),
    [WHOLESALE]: sku(wholesale.skuId, { priceFen: wholesale.priceFen, stock: wholesale.stock }),
    [PLAIN]: () => ({ priceFen: plain.priceFen }),
  })
  const wares = await findWares(
    ctx,
    SCOPE,
    WARES.map((ware) => ({ ...ware, quantity: 1 })),
  )
  assert.deepEqual(
    wares.map((ware) => {
      const { productId, skuId, priceFen, stock: left, minimumOrder } = ware!
      return { productId, skuId, priceFen, stock: left, minimumOrder }
    }),
    WARES,
  )
}

type Asks = {
  [K in Ask['do']]: (ctx: Ctx, ask: Extract<Ask, { do: K }>, seal: Seal<Answer>, id: number) => Promise<Answer>
}

let processes = 0

/** The real shop, with two new accounts and three new coupons, in a database that it shares with others. */
export async function databaseShop({ pool, ...parent }: Ctx & { pool: Pool }, name: string): Promise<DatabaseShop> {
  const ctxAt = (now: Date): Ctx => ({ ...parent, clock: { ...parent.clock, now: () => now } })
  const opening = ctxAt(START)
  const account = await createAccount(opening, name)
  const other = await createAccount(opening, `${name}, the other`)
  const ids = [account.id, other.twinId]
  await pool.query('insert into account_clock (account_id, offset_ms) values ($1, $2)', [ids[1], SHOPPERS[1].offsetMs])
  const coupons: number[] = []
  for (const terms of COUPONS) {
    coupons.push((await createCoupon(opening, { ...terms, name: 'model', isSandbox: true })).id)
  }
  /** As they stood after the last event, oldest first. */
  let orders: { id: number; orderNo: string }[] = []
  const quotes: string[] = []
  let instance = ++processes

  const wishOf = ({ items, coupon }: Wish): OrderWish => ({
    items: items && items.map(({ ware, quantity }) => ({ ...skuOf(ware), quantity, remark: '' })),
    remark: '',
    couponId: coupon === null ? null : coupons[coupon]!,
    addressId: null,
  })
  const orderOf = (order: PlacedOrder): OrderState => ({
    who: ids.indexOf(order.accountId),
    status: order.status,
    totalFen: order.totalFen,
    serviceFeeFen: order.serviceFeeFen,
    discountFen: order.discountFen,
    payableFen: order.payableFen,
    createdMs: order.createdAt.getTime(),
    updatedMs: order.updatedAt.getTime(),
    lines: order.lines.map(lineOf),
  })
  const place = async (ctx: Ctx, who: number, wish: OrderWish | { quoteId: string }, seal: Seal<Answer>) => {
    return orderOf(await createOrder(ctx, SCOPE, ids[who]!, wish, (tx, order) => seal(tx, orderOf(order))))
  }

  const asks: Asks = {
    order: (ctx, ask, seal) => place(ctx, ask.who, wishOf(ask), seal),
    order_quote: (ctx, { who, quote }, seal) => place(ctx, who, { quoteId: quotes[quote]! }, seal),
    async preview(ctx, ask) {
      const { quoteId, expiresAt, amounts, lines } = await previewOrder(ctx, SCOPE, ids[ask.who]!, wishOf(ask))
      quotes.push(quoteId)
      const shares = lines.map(({ feeFen, discountFen }): [number, number] => [feeFen, discountFen])
      return { quote: quotes.length - 1, expiresMs: expiresAt.getTime(), ...amounts, shares }
    },
    async fill_cart(ctx, { who, ware, quantity: more }, seal) {
      const told = ({ quantity }: { quantity: number }) => ({ quantity })
      const wish = { ...skuOf(ware), quantity: more }
      return told(await addToCart(ctx, SCOPE, ids[who]!, wish, (tx, added) => seal(tx, told(added))))
    },
    async claim(ctx, { who, coupon }, seal) {
      const told = ({ claimedAt }: { claimedAt: Date }) => ({ claimedMs: claimedAt.getTime() })
      const sealed: Parameters<typeof claimCoupon>[4] = (tx, claimed) => seal(tx, told(claimed))
      return told(await claimCoupon(ctx, SCOPE, ids[who]!, coupons[coupon]!, sealed))
    },
    async withdraw(ctx, { coupon }) {
      const { withdrawnAt } = await withdrawCoupon(ctx, { id: coupons[coupon]!, actor: 'model' })
      return { withdrawnMs: withdrawnAt!.getTime() }
    },
    async credit(ctx, { who, fen }, _, id) {
      const to = { account: [account, other][who]!, isSandbox: SHOPPERS[who]!.isSandbox }
      const wish = {
        ...to,
        currency: 'CNY',
        amountMinor: fen,
        reason: 'model',
        name: `${ids[0]}.${id}`,
        actor: 'model',
      } as const
      return { repeated: (await creditAccount(ctx, wish)).repeated }
    },
    async move(ctx, { who, order, move }, seal) {
      const orderNo = orders[order]?.orderNo ?? 'ORD-20000101-001'
      const accountId = who === null ? null : ids[who]!
      const told = (moved: { order: PlacedOrder; givenBackFen: number }) => ({
        order: orderOf(moved.order),
        givenBackFen: moved.givenBackFen,
      })
      return told(await moveOrder(ctx, { orderNo, accountId, move, who: 'test' }, (tx, moved) => seal(tx, told(moved))))
    },
    async timers(ctx) {
      let ran = 0
      for (const accountId of ids) ran += await runDueTimers(ctx, ORDER_TIMERS, { accountId })
      return { ran }
    },
  }

  /** Does the work, and dies where it shall. */
  async function work(ctx: Ctx, { id, ask }: Message, crash: Crash, record: number | null): Promise<Answer> {
    const seal: Seal<Answer> = async (tx, answer) => {
      const body = JSON.stringify(answer)
      if (record !== null) await sealRecord(tx, record, { status: statusOf(answer), body, now: ctx.clock.now() })
      if (crash === 'before') throw new Crashed()
    }
    const answer = await asks[ask.do](ctx, ask as never, seal, id).catch((error: unknown) => refusalOf(error))
    // Refused before there was anything to commit.
    if (crash === 'before') throw new Crashed()
    return answer
  }

  /** As the shoppers' routes do. */
  async function workOnce(ctx: Ctx, message: Message, crash: Crash): Promise<{ answer: Answer; isReplay: boolean }> {
    const { id, ask } = message
    if (!isKeyed(ask)) return { answer: await work(ctx, message, crash, null), isReplay: false }
    const claimed = await claim(ctx.db, {
      accountId: ids[(ask as { who: number }).who]!,
      route: 'POST /model',
      key: String(id),
      fingerprint: fingerprintOf('POST', '/model', ask),
      instance,
      now: ctx.clock.now(),
      aliveInstances: async () => [instance],
    })
    if (claimed.kind === 'replay') return { answer: JSON.parse(claimed.body) as Answer, isReplay: true }
    assert.ok(claimed.kind === 'new' || claimed.kind === 'resumed', claimed.kind)
    const answer = await work(ctx, message, crash, claimed.id)
    const outcome = { status: statusOf(answer), payload: JSON.stringify(answer) }
    await keepRecord(ctx, { id: claimed.id, isReplay: false, redaction: null }, outcome)
    return { answer, isReplay: false }
  }

  return {
    async deliver(message, crash, now) {
      try {
        const outcome = await workOnce(ctxAt(now), message, crash)
        if (crash === null) return outcome
      } catch (error) {
        if (!(error instanceof Crashed)) throw error
      }
      // Who sends it again comes to another process.
      instance = ++processes
      return 'lost'
    },
    async state() {
      const { rows } = await pool.query<{ state: State; orders: typeof orders }>({
        // Prepared, as planning it takes longer than running it.
        name: 'shop',
        text: STATE,
        values: [ids, coupons, quotes, WARES.map(({ productId }) => productId)],
      })
      orders = rows[0]!.orders
      const places = new Map(orders.map(({ id }, at) => [id, at]))
      const text = JSON.stringify(rows[0]!.state)
        .replace(/\border:(\d+):line/g, (_, id) => `order:${places.get(Number(id))}:line`)
        .replace(/\bwallet:(\d+)/g, (_, id) => `wallet:${ids.indexOf(Number(id))}`)
        .replaceAll(`credit:${ids[0]}.`, 'credit:')
      return JSON.parse(text) as State
    },
  }
}

function skuOf(ware: number): { productId: number; skuId: string } {
  const { productId, skuId } = WARES[ware] ?? NOTHING
  return { productId, skuId }
}

function lineOf(line: PlacedLine): LineOf {
  const { lineNo, splitOf, state, quantity, priceFen, feeFen, discountFen, capturedFen, refundedFen, facts } = line
  const ware = WARES.findIndex(({ productId }) => productId === line.productId)
  return { lineNo, splitOf, ware, state, quantity, priceFen, feeFen, discountFen, capturedFen, refundedFen, facts }
}

const ms = (column: string) => `(extract(epoch from ${column}) * 1000)::bigint`
const who = (column: string) => `array_position($1, ${column}) - 1`
const listOf = (what: string, by: string, from: string) =>
  `(select coalesce(json_agg(${what} order by ${by}), '[]') from ${from})`

/** Everything of the accounts $1, the coupons $2 and the quotes $3, with the products $4, as `State` has it; and the orders. */
const STATE = `
  with own as (select *, row_number() over (order by id) - 1 as place from purchase_order where account_id = any($1)),
  wallet as (select id, code, balance_minor, held_minor, place
    from unnest($1::bigint[]) with ordinality mine (account, place) join ledger_account on code = 'wallet:' || account)
  select json_build_object(
    'orders', ${listOf(
      `json_build_object('who', ${who('account_id')}, 'status', status, 'totalFen', total_fen,
        'serviceFeeFen', service_fee_fen, 'discountFen', discount_fen, 'payableFen', payable_fen,
        'createdMs', ${ms('created_at')}, 'updatedMs', ${ms('updated_at')},
        'lines', ${listOf(
          `json_build_object('lineNo', line_no, 'splitOf', split_of, 'ware', array_position($4, product_id) - 1,
            'state', state, 'quantity', quantity, 'priceFen', price_fen, 'feeFen', fee_fen, 'discountFen', l.discount_fen,
            'capturedFen', captured_fen, 'refundedFen', refunded_fen, 'facts', facts)`,
          'line_no',
          'order_line l where l.order_id = own.id',
        )})`,
      'own.id',
      'own',
    )},
    'moves', ${listOf(
      `json_build_object('order', place, 'lineNo', line_no, 'move', move, 'actor', actor, 'reason', reason,
        'before', before, 'after', after, 'money', money, 'moneyFen', money_fen, 'atMs', ${ms('at')})`,
      'm.id',
      'order_move m join own on own.id = order_id',
    )},
    'wallets', ${listOf(`json_build_object('balanceFen', balance_minor, 'heldFen', held_minor)`, 'place', 'wallet')},
    'holds', ${listOf(
      `json_build_object('name', name, 'amountFen', amount_minor, 'capturedFen', captured_minor, 'state', state)`,
      'h.id',
      'ledger_hold h join wallet on wallet.id = account_id',
    )},
    'transfers', ${listOf(
      `json_build_object('name', name, 'fen', amount_minor,
        'from', (select code from ledger_account where id = debit_id),
        'to', (select code from ledger_account where id = credit_id),
        'hold', (select h.name from ledger_hold h where h.id = hold_id))`,
      't.id',
      `(select x.* from wallet join ledger_transfer x on x.debit_id = wallet.id
        union all select x.* from wallet join ledger_transfer x on x.credit_id = wallet.id) t`,
    )},
    'coupons', ${listOf(
      `json_build_object('claimed', claimed, 'withdrawnMs', ${ms('withdrawn_at')})`,
      'id',
      'coupon where id = any($2)',
    )},
    'claims', ${listOf(
      `json_build_object('coupon', array_position($2, c.coupon_id) - 1, 'who', ${who('c.account_id')}, 'order', place,
        'usedMs', ${ms('used_at')}, 'claimedMs', ${ms('claimed_at')})`,
      'c.id',
      'coupon_claim c left join own on own.id = order_id where c.account_id = any($1)',
    )},
    'timers', ${listOf(
      `json_build_object('kind', kind, 'order', place, 'who', ${who('t.account_id')}, 'dueMs', ${ms('due_at')}, 'tries', tries)`,
      't.id',
      'timer t left join own on order_no = ref where t.account_id = any($1)',
    )},
    'news', ${listOf(
      `json_build_object('who', ${who('n.account_id')}, 'event', event, 'atMs', ${ms('at')},
        'body', n.body - 'orderNo' || jsonb_build_object('order', place))`,
      'n.id',
      `outbox n left join own on order_no = n.body ->> 'orderNo' where n.account_id = any($1)`,
    )},
    'tallies', (select json_agg((select coalesce(json_object_agg(status, count), '{}') from order_tally
        where account_id = i.id and count > 0) order by i.place) from unnest($1) with ordinality i (id, place)),
    'carts', (select json_agg(${listOf(
      `json_build_object('ware', array_position($4, product_id) - 1, 'quantity', quantity)`,
      'id',
      'cart_line where account_id = i.id',
    )} order by i.place) from unnest($1) with ordinality i (id, place)),
    'quotes', (select coalesce(json_agg(json_build_object('who', ${who('q.account_id')}, 'order', own.place,
        'expiresMs', ${ms('q.expires_at')}) order by i.place), '[]')
      from unnest($3::text[]) with ordinality i (id, place) join order_quote q using (id) left join own on own.id = q.order_id)
  ) as state, ${listOf(`json_build_object('id', id, 'orderNo', order_no)`, 'id', 'own')} as orders`
