import type { Ctx } from '../../ctx.ts'
import { prefixOf, type MarkForm, type Marking } from '../keys/ring.ts'
import { freshKeys, knownKeys, probesOf, type Known } from './generations.ts'
import { hitList, type HitRow, type Probe } from './lookups.sql.ts'

/** Whose list is asked, and whether others' entries count that two parties list. */
export type Asker = { owner: number; seesOthers: boolean }
export type Hit = HitRow & {
  /** The weaker of both sides: what was asked and what is listed. */
  form: MarkForm
  /** Which of the markings that were asked it was. */
  marking: number
}

/** Look-ups of one turn of the event loop go to the database together. */
export type Lookups = { ask(asker: Asker, markings: readonly Marking[]): Promise<Hit[]> }

type LookupCtx = Pick<Ctx, 'db' | 'clock' | 'riskKeys'>
/** Those of listed networks, as of the last look. */
type Prefixes = { known: ReadonlySet<string> }
type Asked = {
  asker: Asker
  markings: readonly Marking[]
  resolve: (hits: Hit[]) => void
  reject: (error: unknown) => void
}

const TOGETHER_MAX = 64
const STRENGTH: readonly MarkForm[] = ['near', 'network', 'canonical', 'exact']

export function openLookups(ctx: LookupCtx): Lookups {
  const pending: Asked[] = []
  const prefixes: Prefixes = { known: new Set() }
  const flush = () => {
    while (pending.length > 0) void answer(ctx, prefixes, pending.splice(0, TOGETHER_MAX))
  }
  return {
    ask: (asker, markings) =>
      new Promise((resolve, reject) => {
        if (pending.push({ asker, markings, resolve, reject }) === 1) setImmediate(flush)
      }),
  }
}

async function answer(ctx: LookupCtx, prefixes: Prefixes, asked: readonly Asked[]): Promise<void> {
  try {
    const hits = await look(ctx, prefixes, asked)
    for (const [at, { resolve }] of asked.entries()) resolve(hits[at]!)
  } catch (error) {
    for (const { reject } of asked) reject(error)
  }
}

async function look(ctx: LookupCtx, prefixes: Prefixes, asked: readonly Asked[]): Promise<Hit[][]> {
  let keys = await knownKeys(ctx)
  for (;;) {
    const { known } = prefixes
    const { probes, places } = probesFor(keys, known, asked)
    const { hits, ...now } = await hitList(ctx.db, probes, ctx.clock.now())
    // Another key was announced meanwhile, and entries may stand under what it makes of them; or another kind of network is listed.
    const isNew = now.announced > keys.ring.length || now.prefixes.some((prefix) => !known.has(prefix))
    if (isNew) {
      prefixes.known = new Set(now.prefixes)
      keys = await freshKeys(ctx, now.announced)
      continue
    }
    // The keys are read anew, so that nobody looks any longer for digests that there are no more.
    if (now.settled > keys.oldest) ctx.riskKeys.known = null
    const answers = asked.map((): Hit[] => [])
    for (const hit of hits) {
      const { at, marking } = places[hit.n]!
      answers[at]!.push({ ...hit, marking, form: weaker(asked[at]!.markings[marking]!.form, hit.listed_form) })
    }
    return answers
  }
}

function probesFor(keys: Known, prefixes: ReadonlySet<string>, asked: readonly Asked[]) {
  const probes: Probe[] = []
  const places: { at: number; marking: number }[] = []
  for (const [at, { asker, markings }] of asked.entries()) {
    for (const [marking, { text, form }] of markings.entries()) {
      if (form === 'network' && !prefixes.has(prefixOf(text))) continue
      for (const digest of probesOf(keys, text)) {
        const { owner, seesOthers: sees_others } = asker
        probes.push({ digest, owner, sees_others, is_near: form === 'near' })
        places.push({ at, marking })
      }
    }
  }
  return { probes, places }
}

function weaker(one: MarkForm, two: MarkForm): MarkForm {
  return STRENGTH[Math.min(STRENGTH.indexOf(one), STRENGTH.indexOf(two))]!
}
