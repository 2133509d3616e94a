import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { auditBooks } from '../../src/money/ledger/audit.ts'
import { testDatabase } from '../database.ts'
import {
  nextDue,
  resolve,
  START,
  streams,
  type Command,
  type Outcome,
  type Request,
  type State,
} from './model-commands.ts'
import { databaseBooks, type DatabaseBooks } from './model-database.ts'
import { assertSound } from './model-invariants.ts'
import { memoryBooks } from './model-memory.ts'

// Random streams of commands against books in memory, and the same against the database. SEED replays the streams of another
// run; SEQUENCES is how many of them the database is asked as well.
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000_000)
const SEQUENCES = Number(process.env['SEQUENCES'] ?? 300)
const RUNS = { seed: SEED, endOnFailure: false }

type Other = { ask(request: Request, now: Date): Promise<Outcome>; state(): Promise<State> }

/** Asks the books in memory a stream, and `other` beside them: they agree and are sound after each step. */
async function run(stream: readonly Command[], met: Map<string, number>, other: Other | null): Promise<void> {
  const books = memoryBooks()
  let now = START
  let state = books.state()
  const asked: Request[] = []
  for (const drawn of stream) {
    if (drawn.do === 'wait') now = new Date(now.getTime() + drawn.ms)
    if (drawn.do === 'until') now = new Date(Math.max(now.getTime(), (nextDue(state, now) ?? 0) - drawn.lessMs))
    if (drawn.do === 'wait' || drawn.do === 'until') continue
    const request = drawn.do === 'again' ? asked.at(-1 - drawn.back) : resolve(drawn, state)
    if (!request) continue
    asked.push(request)

    const before = state
    const preview = request.do === 'subscribe' ? books.ask({ ...request, do: 'preview' }, now) : null
    const outcome = books.ask(request, now)
    state = books.state()
    count(met, request, outcome)
    if (preview) assertCharged(request as { who: number }, preview, outcome, before, state)
    assertSound(state)
    if (!other) continue
    const at = `${JSON.stringify(request)} at ${now.toISOString()}`
    assert.deepEqual(await other.ask(request, now), outcome, at)
    const real = await other.state()
    assert.deepEqual(real, state, at)
    assertSound(real)
  }
}

/** What was charged is what the preview said; a refusal charges nothing. */
function assertCharged(
  { who }: { who: number },
  preview: Outcome,
  outcome: Outcome,
  before: State,
  after: State,
): void {
  const [had, has] = [before, after].map((state) => state.accounts[`api:${who}`]![0])
  const isBought = typeof outcome === 'object' && 'chargeUsdMicros' in outcome
  if (isBought) assert.deepEqual(outcome, preview)
  assert.equal(had! - has!, isBought ? outcome.chargeUsdMicros : 0)
}

function count(met: Map<string, number>, request: Request, outcome: Outcome): void {
  const kinds =
    outcome === 'fault'
      ? ['fault']
      : 'refused' in outcome
        ? [outcome.refused]
        : 'repeated' in outcome
          ? [outcome.repeated ? 'repeated' : 'done']
          : 'renewed' in outcome
            ? [...(outcome.renewed > 1 ? ['several'] : []), ...(outcome.ended > 0 ? ['ended'] : []), 'done']
            : 'creditUsdMicros' in outcome
              ? [outcome.creditUsdMicros > 0 ? 'credited' : 'done']
              : 'count' in outcome
                ? [outcome.count > 0 ? 'some' : 'none']
                : ['done']
  for (const kind of kinds) met.set(`${request.do} ${kind}`, (met.get(`${request.do} ${kind}`) ?? 0) + 1)
}

/** What the streams must come to, or they prove little. */
const MUST_MEET = [
  ...['done', 'repeated', 'balance_too_low', 'fault'].map((kind) => `transfer ${kind}`),
  ...['done', 'repeated', 'balance_too_low', 'fault', 'conflict', 'not_found'].map((kind) => `reverse ${kind}`),
  ...['done', 'repeated', 'balance_too_low', 'fault'].map((kind) => `place ${kind}`),
  ...['done', 'repeated', 'fault', 'conflict', 'not_found'].map((kind) => `capture ${kind}`),
  ...['done', 'repeated', 'conflict', 'not_found'].map((kind) => `void ${kind}`),
  ...['some', 'none'].map((kind) => `expire ${kind}`),
  ...['done', 'credited', 'balance_too_low', 'conflict', 'input_invalid'].map((kind) => `subscribe ${kind}`),
  ...['done', 'conflict', 'not_found'].flatMap((kind) => [`cancel ${kind}`, `resume ${kind}`]),
  ...['done', 'several', 'ended'].map((kind) => `renew ${kind}`),
]

test('10,000 streams of commands leave the books in memory sound', async (t) => {
  t.diagnostic(`SEED=${SEED}`)
  const met = new Map<string, number>()
  await fc.assert(
    fc.asyncProperty(streams, (stream) => run(stream, met, null)),
    { ...RUNS, numRuns: 10_000 },
  )
  assert.deepEqual(
    MUST_MEET.filter((each) => !met.has(each)),
    [],
  )
})

// About 0.1 s each.
test(`${SEQUENCES} of them do the same to the database`, { timeout: 60_000 + SEQUENCES * 1_000 }, async (t) => {
  t.diagnostic(`SEED=${SEED} SEQUENCES=${SEQUENCES}`)
  const database = await testDatabase(t)
  await fc.assert(
    fc.asyncProperty(streams, async (stream) => {
      const books: DatabaseBooks = await databaseBooks(database)
      try {
        await run(stream, new Map(), books)
      } finally {
        await books.close()
      }
    }),
    { ...RUNS, numRuns: SEQUENCES },
  )
  assert.deepEqual(await auditBooks(database.db), { sums: { USD: 0, CNY: 0 }, faults: [] })
})
