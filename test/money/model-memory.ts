import assert from 'node:assert/strict'
import {
  chargeName,
  decideAfford,
  decideCancel,
  decideRenewal,
  decideResume,
  decideSubscribe,
  type Offer,
  type Purchase,
  type Subscription,
} from '../../src/money/billing/decide.ts'
import type { SubscriptionState } from '../../src/money/billing/states.ts'
import { SYSTEM } from '../../src/money/ledger/accounts.ts'
import {
  availableMinor,
  decideCapture,
  decideExpiry,
  decidePlace,
  decideReverse,
  decideTransfer,
  decideVoid,
  isRepeat,
  type Hold,
  type Move,
  type Purse,
} from '../../src/money/ledger/decide.ts'
import { DomainError, type ErrorCode } from '../../src/lib/errors.ts'
import { FIRST_PLANS } from '../../src/money/plans/catalogue.ts'
import { CODES, CUSTOMERS, expiryOf, refusalOf, type Outcome, type Request, type State } from './model-commands.ts'

export type MemoryBooks = { ask(request: Request, now: Date): Outcome; state(): State }
type Refused = { kind: 'refused'; code: ErrorCode; message: string }

/** Books that are maps: they decide as the real ones do, and apply it in the simplest way there is. */
export function memoryBooks(): MemoryBooks {
  const purses = new Map<string, Purse & { currency: string }>()
  for (const [currency, codes] of Object.entries(CODES)) {
    for (const code of codes)
      purses.set(code, { currency, balanceMinor: code.startsWith('system') ? null : 0, heldMinor: 0 })
  }
  const transfers = new Map<string, Move>()
  const holds = new Map<string, Hold>()
  const subscriptions: Subscription[] = []
  const plans: Record<string, string>[] = CUSTOMERS.map(() => ({ ...FIRST_PLANS }))
  const addOns = CUSTOMERS.map(() => new Set<string>())
  const news: State['news'] = []

  function purseOf(code: string, other = code): Purse & { currency: string } {
    const purse = purses.get(code)!
    assert.equal(purse.currency, purses.get(other)!.currency)
    return purse
  }
  function post(name: string, move: Move): void {
    for (const [code, minor] of [
      [move.from, -move.amountMinor],
      [move.to, move.amountMinor],
    ] as const) {
      const purse = purses.get(code)!
      if (purse.balanceMinor !== null) purse.balanceMinor += minor
    }
    transfers.set(name, move)
  }
  function holdOf(name: string): Hold {
    const hold = holds.get(name)
    if (!hold) throw new DomainError('not_found', `There is no hold ${name}.`)
    return hold
  }
  function change(
    hold: Hold,
    { state, capturedMinor, unheldMinor }: Pick<Hold, 'state' | 'capturedMinor'> & { unheldMinor: number },
  ): void {
    Object.assign(hold, { state, capturedMinor })
    purses.get(hold.account)!.heldMinor -= unheldMinor
  }
  function current(who: number, { product, kind, offer }: Offer): Subscription | null {
    const isIt = (each: Subscription) =>
      each.accountId === who &&
      each.product === product &&
      each.kind === kind &&
      (kind === 'plan' || each.offer === offer)
    return subscriptions.find((each) => isIt(each) && each.state !== 'ended') ?? null
  }
  function tell(verb: string, { accountId, offer, periodEndAt }: Subscription, figures: object): void {
    news.push([`subscription.${verb}`, accountId, { offer, periodEndAt: periodEndAt.toISOString(), ...figures }])
  }
  function pay({ id, accountId, period }: Subscription, amountMinor: number): void {
    const move = { from: `api:${accountId}`, to: SYSTEM.revenue.USD, amountMinor, hold: null, reverses: null }
    post(chargeName(id, period), move)
  }

  const asks: { [K in Request['do']]: (request: Extract<Request, { do: K }>, now: Date) => Outcome } = {
    transfer({ name, from, to, amount: amountMinor }) {
      const move = { from, to, amountMinor, hold: null, reverses: null }
      const payer = purseOf(from, to)
      const { kind } = passed(decideTransfer(payer, transfers.get(name) ?? null, move))
      if (kind === 'move') post(name, move)
      return { repeated: kind === 'repeated' }
    },
    reverse({ name, as }) {
      const undone = transfers.get(name)
      if (!undone) throw new DomainError('not_found', `There is no transfer ${name}.`)
      const by = [...transfers].find(([, each]) => each.reverses === name)?.[0] ?? null
      const first = transfers.get(as) ?? null
      const { kind } = passed(decideReverse(purseOf(undone.to), { name, undone, by, first }))
      if (kind === 'move') post(as, { ...undone, from: undone.to, to: undone.from, hold: null, reverses: name })
      return { repeated: kind === 'repeated' }
    },
    place(request, now) {
      const { name, account, amount: amountMinor } = request
      const wanted = { account, amountMinor, expiresAt: expiryOf(request, now) }
      const { kind } = passed(decidePlace(purseOf(account), holds.get(name) ?? null, wanted))
      if (kind === 'place') {
        holds.set(name, { ...wanted, capturedMinor: 0, state: 'open' })
        purses.get(account)!.heldMinor += amountMinor
      }
      return { repeated: kind === 'repeated' }
    },
    capture({ hold: holdName, name, to, amount: amountMinor, rest }, at) {
      const hold = holdOf(holdName)
      const from = hold.account
      purseOf(from, to)
      const move = { from, to, amountMinor, hold: holdName, reverses: null }
      if (isRepeat(transfers.get(name) ?? null, move)) return { repeated: true }
      change(hold, passed(decideCapture(holdName, hold, { amountMinor, rest, at })))
      post(name, move)
      return { repeated: false }
    },
    void({ name }) {
      const hold = holdOf(name)
      const decision = passed(decideVoid(name, hold))
      if (decision.kind === 'change') change(hold, decision)
      return { repeated: decision.kind === 'repeated' }
    },
    expire(_, now) {
      const due = [...holds].flatMap(([name, hold]) => {
        const decision = decideExpiry(hold, now)
        return decision ? [{ name, hold, decision }] : []
      })
      due.sort((one, two) => one.hold.expiresAt!.getTime() - two.hold.expiresAt!.getTime())
      for (const { name, hold, decision } of due) {
        change(hold, decision)
        const who = Number(hold.account.split(':')[1])
        news.push(['hold.expired', who, { name, account: hold.account, releasedMinor: decision.unheldMinor }])
      }
      return { count: due.length }
    },
    preview({ who, ...offer }, now) {
      return printed(passed(decideSubscribe(offer, current(who, offer), now)).purchase)
    },
    subscribe({ who, ...wanted }, now) {
      const { product, kind, offer } = wanted
      const { purchase, priceUsdMicros, replaces } = passed(decideSubscribe(wanted, current(who, wanted), now))
      const { creditUsdMicros, chargeUsdMicros, periodStartAt, periodEndAt } = purchase
      passed(decideAfford(wanted, purchase, purses.get(`api:${who}`)!) ?? { kind: 'covered' as const })
      if (replaces) replaces.state = 'ended'
      const id = subscriptions.length + 1
      const period = { anchorAt: periodStartAt, period: 0, periodStartAt, periodEndAt }
      const made: Subscription = {
        id,
        accountId: who,
        product,
        kind,
        offer,
        state: 'active',
        priceUsdMicros,
        ...period,
      }
      subscriptions.push(made)
      pay(made, chargeUsdMicros)
      if (kind === 'plan') plans[who]![product] = offer
      else addOns[who]!.add(offer)
      if (replaces) tell('changed', made, { from: replaces.offer, creditUsdMicros, chargeUsdMicros })
      else tell('started', made, { chargeUsdMicros })
      return printed(purchase)
    },
    cancel: ({ who, ...offer }) => moved(who, offer, decideCancel),
    resume: ({ who, ...offer }, now) => moved(who, offer, (each) => decideResume(each, now)),
    end({ who, ...offer }) {
      const running = current(who, offer)
      if (!running || running.offer !== offer.offer) return { ended: false }
      running.state = 'ended'
      tell('ended', running, { why: 'replaced' })
      return { ended: true }
    },
    renew(_, now) {
      const counts = { renewed: 0, ended: 0, failed: 0 }
      const due = subscriptions.filter((each) => each.state !== 'ended' && each.periodEndAt <= now)
      for (const each of due.sort((one, two) => one.periodEndAt.getTime() - two.periodEndAt.getTime()))
        renew(each, now, counts)
      return counts
    },
  }

  function moved(
    who: number,
    offer: Offer,
    decide: (each: Subscription) => Refused | { kind: 'move'; state: SubscriptionState },
  ): Outcome {
    const running = current(who, offer)
    if (!running || running.offer !== offer.offer) {
      const what = offer.kind === 'plan' ? `a plan of ${offer.product}` : `${offer.offer} of ${offer.product}`
      throw new DomainError('not_found', `There is no subscription to ${what}.`)
    }
    running.state = passed(decide(running)).state
    return { state: running.state }
  }
  function renew(each: Subscription, now: Date, counts: { renewed: number; ended: number }): void {
    for (;;) {
      const purse = purses.get(`api:${each.accountId}`)!
      const decision = decideRenewal(each, availableMinor(purse), now)
      if (!decision) return
      if (decision.kind === 'end') {
        each.state = 'ended'
        if (each.kind === 'plan') plans[each.accountId]![each.product] = FIRST_PLANS[each.product]
        else addOns[each.accountId]!.delete(each.offer)
        const figures = { neededUsdMicros: each.priceUsdMicros, availableUsdMicros: availableMinor(purse) }
        if (decision.why === 'lapsed') tell('lapsed', each, figures)
        else tell('ended', each, { why: 'cancelled' })
        counts.ended++
        return
      }
      const { period, periodStartAt, periodEndAt } = decision
      Object.assign(each, { period, periodStartAt, periodEndAt })
      pay(each, each.priceUsdMicros)
      tell('renewed', each, { chargeUsdMicros: each.priceUsdMicros })
      counts.renewed++
    }
  }

  return {
    ask(request, now) {
      try {
        return asks[request.do](request as never, now)
      } catch (error) {
        return refusalOf(error)
      }
    },
    state: () => ({
      accounts: Object.fromEntries(
        [...purses].flatMap(([code, { balanceMinor, heldMinor }]) =>
          balanceMinor === null ? [] : [[code, [balanceMinor, heldMinor]]],
        ),
      ),
      transfers: [...transfers].map(([name, { amountMinor: amount, ...move }]) => ({ name, ...move, amount })),
      holds: [...holds].map(([name, { account, amountMinor, capturedMinor, state, expiresAt }]) => ({
        name,
        account,
        amount: amountMinor,
        captured: capturedMinor,
        state,
        expiresMs: expiresAt && expiresAt.getTime(),
      })),
      subscriptions: subscriptions.map((each) => ({
        who: each.accountId,
        product: each.product,
        kind: each.kind,
        offer: each.offer,
        state: each.state,
        price: each.priceUsdMicros,
        anchorMs: each.anchorAt.getTime(),
        period: each.period,
        startMs: each.periodStartAt.getTime(),
        endMs: each.periodEndAt.getTime(),
      })),
      plans: plans.map((each) => ({ ...each })),
      addOns: addOns.map((each) => [...each].sort()),
      news: [...news],
    }),
  }
}

export function printed({ creditUsdMicros, chargeUsdMicros, periodStartAt, periodEndAt }: Purchase): Outcome {
  return { creditUsdMicros, chargeUsdMicros, startMs: periodStartAt.getTime(), endMs: periodEndAt.getTime() }
}

function passed<T extends { kind: string }>(decision: T | Refused): Exclude<T, { kind: 'refused' }> {
  if (decision.kind === 'refused') throw new DomainError((decision as Refused).code, (decision as Refused).message)
  return decision as Exclude<T, { kind: 'refused' }>
}
