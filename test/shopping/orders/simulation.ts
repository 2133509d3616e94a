import assert from 'node:assert/strict'
import fc from 'fast-check'
import { nextDue, resolve, streams, type Event } from './model-commands.ts'
import type { DatabaseShop } from './model-database.ts'
import { assertSound } from './model-invariants.ts'
import { memoryShop } from './model-memory.ts'
import { mayCrash, START, type Crash, type Message, type Outcome, type State } from './model.ts'

// Each seed is one stream of events. SEED is the first of a run, SEEDS how many of them the database is asked; a seed that is run
// alone has its stream made shorter when it fails.

export const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000_000)
export const SEEDS = Number(process.env['SEEDS'] ?? 200)

/** Keeps a shop in memory, and `other` beside it: they agree and are sound after each event. Counts in `met` what came to pass. */
export async function run(
  stream: readonly Event[],
  { met = new Map(), other = null }: { met?: Map<string, number>; other?: DatabaseShop | null },
): Promise<void> {
  const shop = memoryShop()
  const { state } = shop
  let now = START
  const sent: Message[] = []
  /** Delivered after what comes next: late ones, and those that were lost, which their senders send again. */
  let waiting: Message[] = []

  async function deliver(message: Message, crash: Crash): Promise<void> {
    const before = { moves: state.moves.length, used: used(state) }
    const outcome = shop.deliver(message, crash, now)
    note(met, message, { outcome, crash, before, state })
    if (outcome === 'lost') waiting.push(message)
    assertSound(state)
    if (!other) return
    const at = `${JSON.stringify({ ...message, crash })} at ${now.toISOString()}`
    assert.deepEqual(await other.deliver(message, crash, now), outcome, at)
    // As they are equal, what is true of the one is true of the other.
    assert.deepEqual(await other.state(), state, at)
  }

  for (const event of stream) {
    const late = waiting
    waiting = []
    if (event.do === 'wait') now = new Date(now.getTime() + event.ms)
    if (event.do === 'until') {
      now = new Date(Math.max(now.getTime(), (nextDue(state, now) ?? 0) - event.lessMs))
      await deliver({ id: -1, ask: { do: 'timers' } }, null)
    }
    if (event.do === 'again') {
      const message = sent.at(-1 - event.back)
      if (message) await deliver(message, null)
    }
    if (event.do === 'send') {
      const ask = resolve(event.drawn, state)
      const message = ask && { id: sent.length, ask }
      if (message) sent.push(message)
      if (message && event.isLate) waiting.push(message)
      else if (message) await deliver(message, mayCrash(message.ask) ? event.crash : null)
    }
    for (const message of late) await deliver(message, null)
  }
  for (const message of waiting) await deliver(message, null)
}

function used({ claims }: State): number {
  return claims.filter(({ usedMs }) => usedMs !== null).length
}

type Happened = { outcome: Outcome; crash: Crash; before: { moves: number; used: number }; state: State }

function note(met: Map<string, number>, { ask }: Message, { outcome, crash, before, state }: Happened): void {
  const meet = (kind: string) => met.set(kind, (met.get(kind) ?? 0) + 1)
  const name = ask.do === 'move' ? ask.move.name : ask.do
  if (outcome === 'lost') meet(`${name} crash ${crash}`)
  else if (outcome.isReplay) meet(`${name} replay`)
  else meet(`${name} ${'refused' in outcome.answer ? outcome.answer.refused : 'done'}`)
  const fresh = state.moves.slice(before.moves)
  if (ask.do === 'timers') for (const { move } of fresh) meet(`timers ${move}`)
  for (const { order, lineNo, move } of fresh) {
    if (move !== 'place' && state.orders[order]!.lines[lineNo - 1]!.splitOf !== null) meet(`${move} splits`)
  }
  if (used(state) < before.used) meet('coupon back')
}

/** Runs the stream of a seed, of which fewer events are its first; the sentence of its failure says how it is had again. */
export async function runSeed(
  { seed, events }: { seed: number; events: number },
  work: (stream: Event[]) => Promise<void>,
): Promise<void> {
  const [stream] = fc.sample(streams(events), { seed, numRuns: 1 })
  try {
    await work(stream!)
  } catch (cause) {
    const again = `npm run simulate -- --seed ${seed} --seeds 1`
    const enough = SEEDS > 1 ? [] : await shortened(stream!, work)
    const shown = enough.map((event) => `\n  ${JSON.stringify(event)}`).join('')
    throw new Error(`stream ${seed} fails; again, and shorter: ${again}${shown}`, { cause })
  }
}

/** What of a failing stream is needed for it to fail. */
async function shortened(stream: readonly Event[], work: (stream: Event[]) => Promise<void>): Promise<Event[]> {
  let needed = [...stream]
  for (const event of stream.toReversed()) {
    const fewer = needed.filter((each) => each !== event)
    const fails = await work(fewer).then(
      () => false,
      () => true,
    )
    if (fails) needed = fewer
  }
  return needed
}
