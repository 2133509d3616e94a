// How many variations of listed identifiers a check finds, and how many of other people it takes for them: 20,000 checks of invented
// identifiers against a list of 24,000. `node bench/risk-quality.ts`: two minutes, and the same figures every time.
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { systemClock } from '../src/lib/clock.ts'
import { openDb, type Db } from '../src/lib/db/db.ts'
import { startEmbedded } from '../src/lib/db/embedded.ts'
import { MIGRATIONS } from '../src/lib/db/folder.ts'
import { migrate } from '../src/lib/db/migrate.ts'
import { systemRandom } from '../src/lib/ids.ts'
import { check } from '../src/risk/check/check.ts'
import { givenKeys } from '../src/risk/keys/key-store.ts'
import { subjectOf, type MarkForm } from '../src/risk/keys/ring.ts'
import { HOUSE, putEntries, STAFF } from '../src/risk/list/entries.ts'
import type { NewEntry } from '../src/risk/list/prepare.ts'
import { ensureKeys, openRiskKeys } from '../src/risk/list/generations.ts'
import { openLookups } from '../src/risk/list/lookups.ts'
import { normalise } from '../src/risk/normalise/normalise.ts'
import { TYPES, type IdentifierType } from '../src/risk/normalise/normalised.ts'
import { NEAR_SHARE_MIN } from '../src/risk/score/score.ts'
import { LISTED, OTHERS, SAME, type Write, type Written } from './risk-cases.ts'
import { drawFrom, personOf, type Person } from './risk-people.ts'

const SEED = 6
const PEOPLE = 4_000
/** Of each half: of people who are listed, and of others. */
const HALVES: Readonly<Record<IdentifierType, number>> = {
  email: 2_200,
  username: 2_000,
  phone: 1_600,
  address: 2_400,
  ip: 1_000,
  device: 800,
}
/** Of the shares of keys from which on so many near matches are right, the one that finds most is to be used. */
const PRECISION_MIN = 0.98
const PUT_AT_ONCE = 1_000

type Case = Written & { type: IdentifierType; kind: string; person: number; isListed: boolean }
type Match = { form: MarkForm; share: number }
/** What was found of the one who was meant, and of somebody else. */
type Outcome = Case & { own: Match | null; other: Match | null }
type Ctx = Parameters<typeof putEntries>[0] & Parameters<typeof check>[0] & { db: Db }

async function benchQuality(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'openhaul-bench-'))
  await chmod(folder, 0o755)
  const log = pino({ level: 'silent' })
  const server = await startEmbedded({ dataDir: folder, log, fsync: false })
  const { db, close } = openDb(server.connection, { log, statementTimeoutMs: 60_000 })
  try {
    await migrate(server.connection, MIGRATIONS, log)
    const riskKeys = openRiskKeys(givenKeys([randomBytes(32)]))
    const ctx = { db, riskKeys, clock: systemClock, riskLookups: openLookups({ db, riskKeys, clock: systemClock }) }
    await ensureKeys({ ...ctx, random: systemRandom })
    const people = peopleOf()
    await list(ctx, people)
    report(await ask(ctx, casesOf(people)))
  } finally {
    await close()
    await server.leave()
    await rm(folder, { recursive: true, force: true })
  }
}

/** No two of whom share an identifier. */
function peopleOf(): Person[] {
  const draw = drawFrom(SEED)
  const taken = new Set<string>()
  const people: Person[] = []
  while (people.length < PEOPLE) {
    const person = personOf(draw)
    const subjects = TYPES.map((type) => subjectText(type, { value: LISTED[type](person), region: null })!)
    if (subjects.some((subject) => taken.has(subject))) continue
    for (const subject of subjects) taken.add(subject)
    people.push(person)
  }
  return people
}

function subjectText(type: IdentifierType, { value, region }: Written): string | null {
  const normalised = normalise(type, value, { region, allowDocumentation: false })
  return normalised.kind === 'fit' ? subjectOf(type, normalised.keys).text : null
}

function casesOf(people: readonly Person[]): Case[] {
  const draw = drawFrom(SEED + 1)
  const listed = new Map<string, number>()
  for (const [at, person] of people.entries()) {
    for (const type of TYPES) listed.set(subjectText(type, { value: LISTED[type](person), region: null })!, at)
  }
  const cases: Case[] = []
  for (const type of TYPES) {
    for (const [isListed, writers] of [
      [true, SAME[type]],
      [false, OTHERS[type]],
    ] as const) {
      const wanted = cases.length + HALVES[type]
      for (let turn = 0; cases.length < wanted; turn++) {
        const person = draw.below(people.length)
        const [kind, write] = Object.entries<Write>(writers)[turn % Object.keys(writers).length]!
        const text = write(people[person]!, draw)
        if (text === null) continue
        const written = typeof text === 'string' ? { value: text, region: null } : text
        const holder = listed.get(subjectText(type, written) ?? '')
        // By chance it is somebody's who is listed.
        if (holder !== undefined && !(isListed && holder === person)) continue
        cases.push({ ...written, type, kind, person, isListed })
      }
    }
  }
  return cases
}

async function list(ctx: Ctx, people: readonly Person[]): Promise<void> {
  const entries = people.flatMap((person, at) =>
    TYPES.map((type): NewEntry => {
      return {
        kind: 'adverse',
        type,
        value: LISTED[type](person),
        reasonCode: 'chargeback',
        details: { person: String(at) },
      }
    }),
  )
  for (let from = 0; from < entries.length; from += PUT_AT_ONCE) {
    const put = { owner: HOUSE, isSandbox: false, source: STAFF, entries: entries.slice(from, from + PUT_AT_ONCE) }
    const { unfit } = await ctx.db.transaction().execute((tx) => putEntries(ctx, tx, put))
    if (unfit[0]) throw new Error(`${put.entries[unfit[0].at]!.value}: ${unfit[0].why}`)
  }
}

async function ask(ctx: Ctx, cases: readonly Case[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (let from = 0; from < cases.length; from += PUT_AT_ONCE) {
    const answers = cases.slice(from, from + PUT_AT_ONCE).map(async (each): Promise<Outcome> => {
      const checked = await check(ctx, { owner: HOUSE, isSandbox: false }, each)
      const entries = checked.kind === 'unfit' ? [] : [...checked.entries.values()]
      const isOwn = ({ details }: { details: Record<string, string> }) =>
        each.isListed && details['person'] === String(each.person)
      return { ...each, own: best(entries.filter(isOwn)), other: best(entries.filter((entry) => !isOwn(entry))) }
    })
    outcomes.push(...(await Promise.all(answers)))
  }
  return outcomes
}

function shareMin(type: IdentifierType): number {
  return NEAR_SHARE_MIN[type] ?? 1
}

function best(matches: readonly Match[]): Match | null {
  const sure = matches.find(({ form }) => form === 'exact') ?? matches.find(({ form }) => form !== 'near')
  return sure ?? matches.toSorted((one, two) => two.share - one.share)[0] ?? null
}

type Tally = { right: number; wrong: number; missed: number }

/** With near matches from a share on. One that is right makes up for others beside it. */
function tally(outcomes: readonly Outcome[], shareMin: number): Tally {
  const counts = (match: Match | null) => match !== null && (match.form !== 'near' || match.share >= shareMin)
  const right = outcomes.filter(({ own }) => counts(own)).length
  const wrong = outcomes.filter(({ own, other }) => !counts(own) && counts(other)).length
  const missed = outcomes.filter(({ isListed, own }) => isListed && !counts(own)).length
  return { right, wrong, missed }
}

function report(outcomes: readonly Outcome[]): void {
  const byType = (type: IdentifierType) => outcomes.filter((outcome) => outcome.type === type)
  console.log(
    `${outcomes.length.toLocaleString('en')} checks, half of them of ${PEOPLE.toLocaleString('en')} people who are listed`,
  )
  console.log(
    `\nnear matches by the share of keys that meet\n${'type'.padEnd(10)}${heading(['share', 'right', 'wrong', 'precision', 'recall of all'])}`,
  )
  for (const type of TYPES) curve(type, byType(type))

  console.log(`\nas it is now\n${'type'.padEnd(10)}${heading(['right', 'wrong', 'missed', 'precision', 'recall'])}`)
  const total = { right: 0, wrong: 0, missed: 0 }
  for (const type of TYPES) {
    const each = tally(byType(type), shareMin(type))
    total.right += each.right
    total.wrong += each.wrong
    total.missed += each.missed
    console.log(type.padEnd(10) + figures(each))
  }
  console.log('all'.padEnd(10) + figures(total))
  forms(outcomes)
  kinds(outcomes)
}

/** Of what no other form finds. */
function curve(type: IdentifierType, outcomes: readonly Outcome[]): void {
  const isNear = ({ own, other }: Outcome) => [own, other].every((match) => match === null || match.form === 'near')
  const open = outcomes.filter(isNear)
  const shares = open
    .flatMap(({ own, other }) => [own?.share ?? 0, other?.share ?? 0])
    .map((share) => Number(share.toFixed(4)))
  let chosen: { share: number; right: number } | null = null
  for (const share of [...new Set(shares)].filter((each) => each > 0).sort((one, two) => two - one)) {
    const near = tally(open, share - 0.0001)
    const all = tally(outcomes, share - 0.0001)
    const precision = near.right / (near.right + near.wrong)
    if (precision >= PRECISION_MIN && near.right > (chosen?.right ?? 0)) chosen = { share, right: near.right }
    const cells = [
      share.toFixed(3),
      near.right,
      near.wrong,
      precision.toFixed(3),
      (all.right / (all.right + all.missed)).toFixed(3),
    ]
    console.log(type.padEnd(10) + heading(cells))
  }
  console.log(
    `${''.padEnd(10)}finds most with ${PRECISION_MIN} and more: ${chosen?.share.toFixed(3) ?? 'none'}; in use: ${shareMin(type)}`,
  )
}

function forms(outcomes: readonly Outcome[]): void {
  console.log(`\nby the best form that matches\n${'form'.padEnd(10)}${heading(['right', 'wrong', 'precision'])}`)
  for (const form of ['exact', 'canonical', 'near'] as const) {
    const matches = outcomes.flatMap(({ type, own, other }) => {
      const counts = (match: Match | null) => match && (match.form !== 'near' || match.share >= shareMin(type)) && match
      return counts(own)
        ? [{ form: own!.form, isRight: true }]
        : counts(other)
          ? [{ form: other!.form, isRight: false }]
          : []
    })
    const ofForm = matches.filter((match) => match.form === form)
    const right = ofForm.filter(({ isRight }) => isRight).length
    console.log(form.padEnd(10) + heading([right, ofForm.length - right, (right / ofForm.length).toFixed(3)]))
  }
}

function kinds(outcomes: readonly Outcome[]): void {
  console.log('\nwhat of it was found (of the same), or taken for somebody listed (of others)')
  for (const [key, each] of Map.groupBy(
    outcomes,
    ({ type, isListed, kind }) => `${type.padEnd(10)}${isListed ? 'same  ' : 'other '} ${kind}`,
  )) {
    const { right, wrong } = tally(each, shareMin(each[0]!.type))
    const shares = Map.groupBy(each, ({ own, other }) => matchText(own ?? other))
    const told = [...shares].map(([text, { length }]) => `${text} ${length}`).join(', ')
    console.log(`${key.padEnd(40)} ${right + wrong} of ${each.length}${' '.repeat(4)}(${told})`)
  }
}

function matchText(match: Match | null): string {
  return match === null ? 'none' : match.form === 'near' ? `near ${match.share.toFixed(2)}` : match.form
}

function figures({ right, wrong, missed }: Tally): string {
  return heading([right, wrong, missed, (right / (right + wrong)).toFixed(3), (right / (right + missed)).toFixed(3)])
}

function heading(cells: readonly (string | number)[]): string {
  return cells.map((cell) => String(cell).padStart(14)).join('')
}

await benchQuality()
