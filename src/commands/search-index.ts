import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readConfig } from '../config.ts'
import { interruption, withCtx, type Ctx } from '../ctx.ts'
import { drawDemo } from '../demo/draw.ts'
import { systemClock } from '../lib/clock.ts'
import { DomainError, OperatorError } from '../lib/errors.ts'
import { openWorkers } from '../lib/workers.ts'
import { PICTURE_BYTES_MAX } from '../products/media/intake.ts'
import { readPicture } from '../products/media/media.ts'
import { runIndexer } from '../products/search/indexer.ts'
import { PICTURES_MIN } from '../products/search/embedder/learn.ts'
import { learnAsset, type LearnStep } from '../products/search/learning.ts'
import { addressSample } from '../products/search/pictures.sql.ts'
import { assetBytes, spaceById, spaceLack, spaceStats, type SpaceRow } from '../products/search/spaces.sql.ts'
import { assetOf, beginFilling, ensureSpaces, openSpaces, progressOf, renewDefault } from '../products/search/spaces.ts'
import { print, table } from './print.ts'
import { openBar, type Bar } from './progress.ts'

type Json = { json?: boolean }

const LOOK_MS = 500
/** Progress is told at every so manieth look, as counting a large index takes a while. */
const TELL_EVERY = 6
/** What a space lacks is counted up to here. */
const LACK_MAX = 1_000
/** How many pictures are learnt from unless `--count` says it; more of them teach little more. */
const LEARN_COUNT = 2_000
/** The default asset is what is learnt from these. */
const GENERATED_SEED = 1
/** What the index in memory needs beside the features that are stored. */
const MEMORY_FACTOR = 1.25

/** The spaces in use: how many pictures each has, which could not be had and why, and what is still to be done. */
export async function indexStatus(options: Json): Promise<void> {
  const spaces = await withCtx(readConfig(), async (ctx) => {
    const open = (await openSpaces(ctx.db)).filter((space) => space !== null)
    return Promise.all(open.map((space) => statusOf(ctx, space)))
  })
  const head = ['SPACE', 'STATE', 'EMBEDDER', 'ORIGIN', 'PICTURES', 'FAULTS', 'MISSING', 'PRODUCTS DUE', 'MEMORY']
  const rows = spaces.map((space) => [
    String(space.space),
    space.state,
    `${space.embedder} ${space.fingerprint.slice(0, 12)}`,
    space.origin,
    String(space.pictures),
    String(space.faults.reduce((sum, { count }) => sum + count, 0)),
    String(space.missing),
    space.noted ? String(space.due) : `${space.due} and more`,
    `${(space.memory_bytes / 1e6).toFixed(1)} MB`,
  ])
  const faults = spaces.flatMap(({ space, faults: each }) =>
    each.map(({ fault, count, example }) => {
      return `space ${space}, ${count === 1 ? 'once' : `${count} times`}: ${fault} ${count === 1 ? 'It is' : 'One is'} ${example}`
    }),
  )
  const words = spaces.length === 0 ? 'There is no index yet; the first start makes it.' : table(head, rows)
  print(options, { spaces }, [words, ...faults].join('\n'))
}

async function statusOf({ db }: Ctx, space: SpaceRow) {
  const stats = await spaceStats(db, space.id)
  return {
    space: space.id,
    state: space.state,
    embedder: space.embedder,
    fingerprint: space.fingerprint,
    origin: space.origin,
    pictures: stats.pictures,
    faults: stats.faults,
    missing: stats.pictures_missing,
    due: stats.due,
    noted: space.noted_to === null,
    memory_bytes: Math.round(stats.pictures * stats.features_bytes_average * MEMORY_FACTOR),
  }
}

/**
 * Makes the features of all pictures anew, beside the index in use, and has them take its place. One that is being filled
 * already is gone on with.
 */
export async function indexRebuild(options: Json): Promise<void> {
  const result = await withCtx(readConfig(), async (ctx, signal) => {
    await ensureSpaces(ctx)
    await renewDefault(ctx, { signal })
    const [active, filling] = await openSpaces(ctx.db)
    const { fingerprint, origin } = active!
    const asset = assetOf(await assetBytes(ctx.db, fingerprint))
    const id = filling?.id ?? (await beginFilling(ctx, asset, origin, signal))
    return fill(ctx, id, signal)
  })
  print(options, result, `${told(result)} Searches ask them from now on.`)
}

export type LearnOptions = Json & { generated?: boolean; count?: number; from?: string; write?: string }

/** Learns an asset from pictures, and has a space with it filled and take the place of the one in use; or writes it to a file. */
export async function indexLearn(options: LearnOptions): Promise<void> {
  const { generated = false, from, write } = options
  if (generated && from !== undefined) throw new OperatorError('Give --generated or --from, not both.')
  if (options.count !== undefined && options.count < PICTURES_MIN) {
    throw new OperatorError(`Give --count ${PICTURES_MIN} or more: fewer pictures teach nothing.`)
  }
  if (write !== undefined) return writeAsset(options, write, await learnAlone(options))
  const { fingerprint, filled } = await withCtx(readConfig(), async (ctx, signal) => {
    const asset = assetOf(await learnFrom(ctx, options, signal, ctx))
    await ensureSpaces(ctx)
    const [active] = await openSpaces(ctx.db)
    const isKnown = active!.fingerprint === asset.fingerprint
    const spaceId = isKnown ? null : await beginFilling(ctx, asset, 'learnt', signal)
    return { fingerprint: asset.fingerprint, filled: spaceId && (await fill(ctx, spaceId, signal)) }
  })
  const words = filled
    ? `${told(filled)} Searches ask them from now on.`
    : 'Searches ask this already; nothing was changed.'
  print(options, { fingerprint, changed: Boolean(filled), ...filled }, words)
}

/** Without a database, unless the pictures are those of its products. */
async function learnAlone(options: LearnOptions): Promise<Uint8Array> {
  if (!options.generated && options.from === undefined) {
    return withCtx(readConfig(), (ctx, signal) => learnFrom(ctx, options, signal, ctx))
  }
  const signal = interruption()
  const workers = openWorkers()
  try {
    return await learnFrom({ workers, clock: systemClock }, options, signal)
  } finally {
    await workers.close()
  }
}

async function writeAsset(options: Json, file: string, bytes: Uint8Array): Promise<void> {
  await writeFile(file, bytes).catch((error: NodeJS.ErrnoException) => {
    throw new OperatorError(`${file} cannot be written (${error.code}).`)
  })
  const { fingerprint } = assetOf(bytes)
  print(options, { file, fingerprint, bytes: bytes.length }, `Wrote ${file}, ${bytes.length} bytes, ${fingerprint}.`)
}

/** What is learnt from invented pictures, those of a folder, or those of an installation. */
async function learnFrom(
  parts: Pick<Ctx, 'workers' | 'clock'>,
  { generated = false, from, count = LEARN_COUNT }: LearnOptions,
  signal: AbortSignal,
  own?: Ctx,
): Promise<Uint8Array> {
  const source = generated
    ? { seed: GENERATED_SEED, count }
    : { pictures: from === undefined ? ownPictures(own!, count) : await filesIn(from), count }
  const bar = openBar('Learning', count)
  const onLook = (step: LearnStep, pictures: number) =>
    bar.to(pictures, step === 'pictures' ? `${pictures} pictures` : STEP_WORDS[step])
  const bytes = await learnAsset(parts, source, { onLook, signal })
  bar.end('learnt')
  return bytes
}

const STEP_WORDS: Record<LearnStep, string> = {
  pictures: 'looking at pictures',
  vector: 'learning what tells pictures apart',
  words: 'learning their details',
  cosines: 'measuring how alike they are by chance',
}

/** What lies in a folder, also by links; what is too large for a picture or cannot be read is passed over. */
async function filesIn(folder: string): Promise<AsyncIterable<Buffer>> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    throw new OperatorError(`${folder} is no folder that can be read (${error.code}).`)
  })
  return readable(names.toSorted().map((name) => () => readSmall(join(folder, name))))
}

async function readSmall(file: string): Promise<Buffer | null> {
  try {
    const found = await stat(file)
    return found.isFile() && found.size <= PICTURE_BYTES_MAX ? await readFile(file) : null
  } catch {
    return null
  }
}

/** Pictures of this installation's products: more than are wanted, as some cannot be had. */
async function* ownPictures(ctx: Ctx, count: number): AsyncGenerator<Buffer> {
  prepare(ctx)
  const addresses = await addressSample(ctx.db, count * 2)
  const read = async (address: string) =>
    readPicture(ctx, address).catch((error: unknown) => {
      if (error instanceof DomainError) return null
      throw error
    })
  yield* readable(addresses.map((address) => () => read(address)))
}

async function* readable(readings: readonly (() => Promise<Buffer | null>)[]): AsyncGenerator<Buffer> {
  for (const read of readings) {
    const bytes = await read()
    if (bytes) yield bytes
  }
}

type Filled = { space: number; pictures: number; faults: number }

const told = ({ space, pictures, faults }: Filled): string =>
  `Space ${space} has ${pictures} pictures${faults > 0 ? `, and ${faults} could not be had (\`index status\`)` : ''}.`

/** What a server gives its ctx, so that this process can index as one would. */
function prepare(ctx: Ctx): void {
  ctx.draw = drawDemo(ctx.workers)
}

/** Waits until a space is filled and in use. It is filled here, unless another process is at it already. */
async function fill(ctx: Ctx, spaceId: number, signal: AbortSignal): Promise<Filled> {
  prepare(ctx)
  const over = new AbortController()
  const indexing = runIndexer(ctx, { signal: AbortSignal.any([signal, over.signal]) })
  const bar = openBar('Indexing pictures', 100)
  try {
    for (let looks = 0; ; looks++) {
      const state = (await spaceById(ctx.db, spaceId))?.state
      if (state === 'active' || looks % TELL_EVERY === 0) await tell(ctx, spaceId, bar)
      if (state === 'active') break
      if (state !== 'filling') throw new OperatorError('Another space was begun meanwhile, and this one was given up.')
      await ctx.clock.sleep(LOOK_MS, signal)
    }
  } catch (error) {
    if (!signal.aborted) throw error
    throw new OperatorError('Interrupted. What was done stays; a server goes on with it, and so does `index rebuild`.')
  } finally {
    over.abort()
    await indexing
  }
  const { pictures, faults } = await spaceStats(ctx.db, spaceId)
  bar.end(`${pictures} pictures`)
  return { space: spaceId, pictures, faults: faults.reduce((sum, { count }) => sum + count, 0) }
}

/** How far a space is, and what it waits for when it has been through. */
async function tell({ db }: Ctx, spaceId: number, bar: Bar): Promise<void> {
  const { done, total } = await progressOf(db, spaceId)
  const { due, unfetched } = done < total ? { due: 0, unfetched: 0 } : await spaceLack(db, spaceId, LACK_MAX)
  const counted = (count: number) => (count < LACK_MAX ? `${count}` : `${count} or more`)
  const waits = [
    ...(unfetched > 0
      ? [`${counted(unfetched)} that searches find now and that could not be fetched; they are asked for again`]
      : []),
    ...(due > 0 ? [`${counted(due)} products that are to be looked at`] : []),
  ]
  const words = [`${done} of ${total} pictures`, ...waits].join(', ')
  bar.to(total === 0 ? 0 : Math.floor((100 * done) / total), words)
}
