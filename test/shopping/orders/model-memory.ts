import { DomainError } from '../../../src/lib/errors.ts'
import { isPinned } from '../../../src/access/idempotency/idempotency.ts'
import {
  decideCapture,
  decidePlace,
  decideTransfer,
  decideVoid,
  type Hold,
  type Move as Transfer,
  type Purse,
} from '../../../src/money/ledger/decide.ts'
import { assertQuantity, type Ware } from '../../../src/shopping/cart/ware.ts'
import { chooseClaim } from '../../../src/shopping/coupons/discount.ts'
import {
  decide,
  decidePlacement,
  givenBackFen,
  type Done,
  type LedgerCommand,
} from '../../../src/shopping/orders/decide.ts'
import { ACCEPT_TIMER, EXPIRE_TIMER } from '../../../src/shopping/orders/moves.ts'
import { amountsOf, type Move } from '../../../src/shopping/orders/order.ts'
import { sharesOf } from '../../../src/shopping/orders/shares.ts'
import {
  COUPONS,
  DAY_MS,
  isKeyed,
  refusalOf,
  SHOPPERS,
  statusOf,
  TERMS,
  WARES,
  type Answer,
  type Ask,
  type Crash,
  type Item,
  type Message,
  type Outcome,
  type State,
  type Wish,
} from './model.ts'

export type MemoryShop = { deliver(message: Message, crash: Crash, now: Date): Outcome; state: State }

type Quote = { wish: Wish; cart: Item[] | null; totalFen: number; discountFen: number; items: PricedItem[] }
type PricedItem = Item & { priceFen: number }
type Asks = { [K in Ask['do']]: (ask: Extract<Ask, { do: K }>, now: Date, id: number) => Answer }

/**
 * A shop of plain lists: it decides as the real one does, and applies it in the simplest way there is. Everything that can
 * be refused is decided before anything is changed. A request that is done is not done again for a day.
 */
export function memoryShop(): MemoryShop {
  const state: State = {
    orders: [],
    moves: [],
    wallets: SHOPPERS.map(() => ({ balanceFen: 0, heldFen: 0 })),
    holds: [],
    transfers: [],
    coupons: COUPONS.map(() => ({ claimed: 0, withdrawnMs: null })),
    claims: [],
    timers: [],
    news: [],
    tallies: SHOPPERS.map(() => ({})),
    carts: SHOPPERS.map(() => []),
    quotes: [],
  }
  const quotes: Quote[] = []
  const records = new Map<number, { atMs: number; answer: Answer | null }>()

  function quoteOf({ who, items, coupon }: Wish, now: Date): Quote {
    const cart = items === null ? state.carts[who]! : null
    const chosen = items ?? cart!
    if (chosen.length === 0) throw new DomainError('input_invalid', 'nothing is selected')
    const priced = chosen.map((item) => {
      const others = chosen.filter((each) => each !== item && each.ware === item.ware)
      return { ...item, priceFen: wareOf(item, sumOf(others)).priceFen }
    })
    const totalFen = priced.reduce((sum, { priceFen, quantity }) => sum + priceFen * quantity, 0)
    const discountFen = coupon === null ? 0 : usable(who, coupon, totalFen, now).discountFen
    return { wish: { who, items, coupon }, cart: cart && [...cart], totalFen, discountFen, items: priced }
  }
  function usable(who: number, coupon: number, totalFen: number, now: Date) {
    const { withdrawnMs } = state.coupons[coupon]!
    const withdrawnAt = withdrawnMs === null ? null : new Date(withdrawnMs)
    const mine = state.claims.filter((each) => each.who === who && each.coupon === coupon)
    const claims = mine.map((row) => {
      return { ...COUPONS[coupon]!, withdrawnAt, usedAt: row.usedMs === null ? null : new Date(row.usedMs), row }
    })
    return chooseClaim(claims, totalFen, now)
  }

  /** Makes an order of a quote; `quote` is its place when it was asked for beforehand. */
  function place({ wish, cart, totalFen, discountFen, items }: Quote, now: Date, quote: number | null): Answer {
    const { who, coupon } = wish
    const used = coupon === null ? null : usable(who, coupon, totalFen, now)
    if (used && used.discountFen !== discountFen) throw new DomainError('conflict', 'the coupon has changed')
    const here = state.carts[who]!
    if (cart?.some((line) => !here.includes(line))) throw new DomainError('conflict', 'the cart has changed')

    const id = state.orders.length
    const shares = sharesOf(items, { discountFen, feeBasisPoints: TERMS.feeBasisPoints })
    const done = decidePlacement(
      id,
      items.map((item, at) => ({ ...item, ...shares[at]! })),
    )
    const pay = settle(who, done.ledger, now)
    const lines = done.lines.map((line, at) => ({ ...line, ware: items[at]!.ware }))
    const order = {
      who,
      status: done.after,
      ...amountsOf(lines),
      createdMs: now.getTime(),
      updatedMs: now.getTime(),
      lines,
    }
    pay()
    state.orders.push(order)
    count(who, 'all', 1)
    count(who, done.after, 1)
    if (quote !== null) state.quotes[quote]!.order = id
    if (used) Object.assign(used.claim.row, { order: id, usedMs: now.getTime() })
    if (cart) state.carts[who] = here.filter((line) => !cart.includes(line))
    follow(id, done, now, null)
    return order
  }

  function move(id: number, who: number | null, asked: Move, realNow: Date, firing: string | null): Answer {
    const order = state.orders[id]
    if (!order || (who !== null && who !== order.who)) throw new DomainError('not_found', 'there is no such order')
    const now = timeOf(order.who, realNow)
    const done = decide({ id, feeBasisPoints: TERMS.feeBasisPoints, lines: order.lines }, asked)
    if (done.kind === 'refused') throw new DomainError(done.code, done.message)
    const pay = settle(order.who, done.ledger, now)
    const wares = new Map(order.lines.map(({ lineNo, ware }) => [lineNo, ware]))
    const lines = done.lines.map((line) => ({ ...line, ware: wares.get(line.lineNo) ?? wares.get(line.splitOf!)! }))
    pay()
    if (order.status !== done.after) {
      count(order.who, order.status, -1)
      count(order.who, done.after, 1)
    }
    const after = { ...order, status: done.after, ...amountsOf(lines), updatedMs: now.getTime(), lines }
    state.orders[id] = after
    follow(id, done, now, firing)
    return { order: after, givenBackFen: givenBackFen(done) }
  }

  /** What the ledger makes of commands, and how it is written down then. */
  function settle(who: number, commands: readonly LedgerCommand[], at: Date): () => void {
    const { balanceFen, heldFen } = state.wallets[who]!
    const purse = { balanceMinor: balanceFen, heldMinor: heldFen }
    const steps = commands.map((command) => ledgerStep(who, purse, command, at))
    return () => {
      for (const step of steps) step()
      state.wallets[who] = { balanceFen: purse.balanceMinor, heldFen: purse.heldMinor }
    }
  }
  function ledgerStep(
    who: number,
    purse: Purse & { balanceMinor: number },
    command: LedgerCommand,
    at: Date,
  ): () => void {
    const account = `wallet:${who}`
    const { pays } = SHOPPERS[who]!
    const { amountFen: amountMinor } = command
    if (command.do === 'hold') {
      const { name } = command
      const wanted = { account, amountMinor, expiresAt: null }
      passed(decidePlace(purse, null, wanted))
      purse.heldMinor += amountMinor
      return () => void state.holds.push({ name, amountFen: amountMinor, capturedFen: 0, state: 'open' })
    }
    if (command.do === 'refund') {
      const transfer = { from: pays, to: account, amountMinor, hold: null, reverses: null }
      passed(decideTransfer({ balanceMinor: null, heldMinor: 0 }, null, transfer))
      purse.balanceMinor += amountMinor
      return () => post(command.name, transfer)
    }
    const row = state.holds.find(({ name }) => name === command.hold)!
    const hold: Hold = {
      account,
      amountMinor: row.amountFen,
      capturedMinor: row.capturedFen,
      state: row.state,
      expiresAt: null,
    }
    const change =
      command.do === 'capture'
        ? passed(decideCapture(row.name, hold, { amountMinor, rest: 'release', at }))
        : passed(decideVoid(row.name, hold))
    if (change.kind === 'repeated') throw new Error(`${row.name} is voided twice`)
    purse.heldMinor -= change.unheldMinor
    if (command.do === 'capture') purse.balanceMinor -= amountMinor
    return () => {
      Object.assign(row, { capturedFen: change.capturedMinor, state: change.state })
      if (command.do === 'capture') {
        post(command.name, { from: account, to: pays, amountMinor, hold: row.name, reverses: null })
      }
    }
  }
  function post(name: string, { from, to, amountMinor: fen, hold }: Transfer): void {
    state.transfers.push({ name, from, to, fen, hold })
  }

  /** What follows from a decision beside the order and its money. */
  function follow(id: number, done: Done, now: Date, firing: string | null): void {
    const { who } = state.orders[id]!
    const atMs = now.getTime()
    state.moves.push(...done.moves.map((each) => ({ order: id, ...each, atMs })))
    const moves = done.moves.map(({ lineNo, move: name, before, after }) => ({ lineNo, move: name, before, after }))
    const event = done.before === null ? 'order.created' : 'order.moved'
    state.news.push({ who, event, atMs, body: { order: id, before: done.before, after: done.after, moves } })
    if (done.pendingTimer === 'start') {
      setTimer(ACCEPT_TIMER, id, atMs + TERMS.acceptMinutes * 60_000)
      setTimer(EXPIRE_TIMER, id, atMs + TERMS.pendingHours * 3_600_000)
    }
    if (done.pendingTimer === 'stop') {
      state.timers = state.timers.filter(({ kind, order }) => order !== id || kind === firing)
    }
    if (done.isCouponBack) {
      const kept = state.claims.filter(({ order }) => order === id)
      for (const claim of kept) Object.assign(claim, { order: null, usedMs: null })
    }
  }
  function setTimer(kind: string, order: number, dueMs: number): void {
    const known = state.timers.find((each) => each.kind === kind && each.order === order)
    if (known) known.dueMs = dueMs
    else state.timers.push({ kind, order, who: state.orders[order]!.who, dueMs, tries: 0 })
  }
  function count(who: number, status: string, by: number): void {
    const tally = state.tallies[who]!
    tally[status] = (tally[status] ?? 0) + by
    if (tally[status] === 0) delete tally[status]
  }

  const asks: Asks = {
    order: (ask, now) => place(quoteOf(ask, timeOf(ask.who, now)), timeOf(ask.who, now), null),
    preview(ask, now) {
      const quote = quoteOf(ask, timeOf(ask.who, now))
      const { feeBasisPoints } = TERMS
      const { discountFen, totalFen } = quote
      const shares = sharesOf(quote.items, { discountFen, feeBasisPoints })
      const serviceFeeFen = shares.reduce((sum, { feeFen }) => sum + feeFen, 0)
      const expiresMs = timeOf(ask.who, now).getTime() + 15 * 60_000
      quotes.push(quote)
      state.quotes.push({ who: ask.who, order: null, expiresMs })
      return {
        quote: quotes.length - 1,
        expiresMs,
        totalFen,
        serviceFeeFen,
        discountFen,
        payableFen: totalFen + serviceFeeFen - discountFen,
        shares: shares.map((share) => [share.feeFen, share.discountFen]),
      }
    },
    order_quote({ who, quote: at }, realNow) {
      const now = timeOf(who, realNow)
      const row = state.quotes[at]!
      if (row.who !== who) throw new DomainError('not_found', 'there is no such quote')
      if (row.order !== null || row.expiresMs <= now.getTime()) throw new DomainError('conflict', 'used or ended')
      return place(quotes[at]!, now, at)
    },
    fill_cart({ who, ware, quantity: more }) {
      const cart = state.carts[who]!
      const known = cart.find((line) => line.ware === ware)
      const quantity = (known?.quantity ?? 0) + more
      wareOf({ ware, quantity }, 0)
      state.carts[who] = known
        ? cart.map((line) => (line === known ? { ware, quantity } : line))
        : [...cart, { ware, quantity }]
      return { quantity }
    },
    claim({ who, coupon: id }, realNow) {
      const now = timeOf(who, realNow)
      const coupon = state.coupons[id]!
      const { limitTotal, limitPerCustomer, expiresAt } = COUPONS[id]!
      if (coupon.withdrawnMs !== null) throw new DomainError('not_found', 'withdrawn')
      const mine = state.claims.filter((each) => each.who === who && each.coupon === id).length
      if (expiresAt <= now || mine >= limitPerCustomer || coupon.claimed >= (limitTotal ?? Infinity)) {
        throw new DomainError('conflict', 'ended or claimed')
      }
      coupon.claimed++
      state.claims.push({ coupon: id, who, order: null, usedMs: null, claimedMs: now.getTime() })
      return { claimedMs: now.getTime() }
    },
    withdraw({ coupon: id }, now) {
      const coupon = state.coupons[id]!
      coupon.withdrawnMs ??= now.getTime()
      return { withdrawnMs: coupon.withdrawnMs }
    },
    credit({ who, fen }, _, id) {
      const name = `credit:${id}`
      const { isPaidBy } = SHOPPERS[who]!
      const transfer = { from: isPaidBy, to: `wallet:${who}`, amountMinor: fen, hold: null, reverses: null }
      const first = state.transfers.find((each) => each.name === name)
      const known = first && { ...transfer, from: first.from, to: first.to, amountMinor: first.fen }
      const { kind } = passed(decideTransfer({ balanceMinor: null, heldMinor: 0 }, known ?? null, transfer))
      if (kind === 'move') {
        state.wallets[who]!.balanceFen += fen
        post(name, transfer)
      }
      return { repeated: kind === 'repeated' }
    },
    move: ({ order, who, move: asked }, now) => move(order, who, asked, now, null),
    timers(_, now) {
      let ran = 0
      for (const who of SHOPPERS.keys()) ran += runTimers(who, now)
      return { ran }
    },
  }
  function runTimers(who: number, now: Date): number {
    const isDue = ({ dueMs }: { dueMs: number }) => dueMs <= timeOf(who, now).getTime()
    const due = state.timers
      .filter((timer) => timer.who === who && isDue(timer))
      .sort((one, two) => one.dueMs - two.dueMs)
    let ran = 0
    for (const timer of due) {
      if (!state.timers.includes(timer) || !isDue(timer)) continue
      const name = timer.kind === ACCEPT_TIMER ? 'accept' : 'expire'
      // Somebody was first, and there is nothing left to do.
      attempt(() => move(timer.order, who, { name, actor: 'system', lineNo: null }, now, timer.kind))
      state.timers = state.timers.filter((each) => each !== timer)
      ran++
    }
    return ran
  }

  return {
    state,
    deliver({ id, ask }, crash, now) {
      const work = () => attempt(() => asks[ask.do](ask as never, now, id))
      if (!isKeyed(ask)) {
        if (crash === 'before') return 'lost'
        return sentBack(work(), false, crash)
      }
      const known = records.get(id)
      if (known?.answer && known.atMs > now.getTime() - DAY_MS) return sentBack(known.answer, true, crash)
      const record = { atMs: now.getTime(), answer: null as Answer | null }
      records.set(id, record)
      if (crash === 'before') return 'lost'
      const answer = work()
      if (isPinned(statusOf(answer))) record.answer = answer
      else records.delete(id)
      return sentBack(answer, false, crash)
    },
  }
}

function sentBack(answer: Answer, isReplay: boolean, crash: Crash): Outcome {
  return crash === null ? { answer, isReplay } : 'lost'
}

function timeOf(who: number, now: Date): Date {
  return new Date(now.getTime() + SHOPPERS[who]!.offsetMs)
}

/** The ware of an item, of which `others` are wanted too. */
function wareOf({ ware: place, quantity }: Item, others: number): Ware {
  const known = WARES[place]
  const ware = known ? ({ ...known } as unknown as Ware) : null
  assertQuantity(ware, { productId: 0, skuId: '' }, quantity, others)
  return ware
}

function sumOf(items: readonly Item[]): number {
  return items.reduce((sum, { quantity }) => sum + quantity, 0)
}

function attempt(work: () => Answer): Answer {
  try {
    return work()
  } catch (error) {
    return refusalOf(error)
  }
}

function passed<T extends { kind: string }>(decision: T): Exclude<T, { kind: 'refused' }> {
  if (decision.kind === 'refused') {
    const { code, message } = decision as unknown as { code: 'conflict'; message: string }
    throw new DomainError(code, message)
  }
  return decision as Exclude<T, { kind: 'refused' }>
}
