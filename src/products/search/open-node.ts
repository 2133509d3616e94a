import type { Ctx } from '../../ctx.ts'
import type { LoadedSpace, SearchNode } from './node.ts'
import type { IndexEntry, VectorIndex } from './vectors/vector-index.ts'
import { type Change, changeList } from './pictures.sql.ts'
import { embeddingOf, openSpaces, REMOVED_KEPT_MS } from './spaces.ts'
import { searchChangedAt, type SpaceRow } from './spaces.sql.ts'

const LOOK_MS = 50
const RETRY_MS = 2_000
/** A watch that is older has lost its database. */
const WATCH_MS_MAX = 2_000
/** An index is read anew when this part of it was removed, and so many pictures. */
const REMOVED_PART = 0.25
const REMOVED_MIN = 1000
/** Less than half a megabyte of features: reading them keeps nobody waiting. */
const PAGE = 200

type NodeParts = Pick<Ctx, 'db' | 'clock' | 'log' | 'workers' | 'watch'>

/** A space as far as it was read. */
type Followed = LoadedSpace & {
  last: Pick<Change, 'change' | 'picture_id'>
  /** There was no room for a picture; it was told. */
  isFull: boolean
}

/** This node's copy of the active space; it does nothing until it is started. */
export function openSearchNode(parts: NodeParts): SearchNode {
  const { clock, log, watch } = parts
  const stopping = new AbortController()
  const loaded = Promise.withResolvers<void>()
  let current: Followed | null = null
  let following: Promise<void> | null = null
  /** When this node last had everything. */
  let wholeAtMs = 0

  /** Reads what has changed since the last time; a space that became the active one is read beside the one in use. */
  async function catchUp(): Promise<void> {
    const beganAtMs = clock.elapsedMs()
    const [active] = await openSpaces(parts.db)
    if (!active) return
    // After longer than removals are kept it may never hear of some: then everything is read anew.
    const isCurrent = current?.spaceId === active.id && clock.elapsedMs() - wholeAtMs < REMOVED_KEPT_MS / 2
    const followed = isCurrent && !isWorn(current!.index) ? current! : await openSpace(parts, active)
    await readOn(parts, followed, stopping.signal)
    followed.changedAt = await searchChangedAt(parts.db)
    if (current !== followed) current?.index.close()
    current = followed
    wholeAtMs = beganAtMs
    loaded.resolve()
  }

  async function follow(): Promise<void> {
    let known = -1
    while (!stopping.signal.aborted) {
      const { search } = watch.value
      let pauseMs = LOOK_MS
      if (search === known) {
        if (watch.ageMs() < WATCH_MS_MAX) wholeAtMs = clock.elapsedMs()
      } else {
        try {
          await catchUp()
          known = search
        } catch (error) {
          if (stopping.signal.aborted) break
          log.warn({ err: error }, 'the picture index fell behind the database and tries again')
          pauseMs = RETRY_MS
        }
      }
      await clock.sleep(pauseMs, stopping.signal).catch(() => {})
    }
  }

  return {
    start() {
      following ??= follow()
      return loaded.promise
    },
    current: () => current,
    async close() {
      stopping.abort()
      await following
      // Nobody waits for ever for what does not come any more.
      loaded.resolve()
    },
  }
}

/** The room of what was removed comes back only with a fresh index, which is read beside this one when it pays. */
function isWorn(index: VectorIndex): boolean {
  const { pictures, removed } = index.stats()
  return removed >= REMOVED_MIN && removed >= (pictures + removed) * REMOVED_PART
}

async function openSpace(parts: NodeParts, space: SpaceRow): Promise<Followed> {
  const embedding = await embeddingOf(parts, space)
  // Loaded here, as no short command has need of it.
  const { openMemoryIndex } = await import('./vectors/memory-index.ts')
  const index = openMemoryIndex({ workers: parts.workers, info: embedding.info })
  return { spaceId: space.id, embedding, index, changedAt: null, last: { change: 0, picture_id: 0 }, isFull: false }
}

/** Reads every change after the last one into the index. */
async function readOn(parts: NodeParts, followed: Followed, signal: AbortSignal): Promise<void> {
  const { spaceId, index } = followed
  for (;;) {
    signal.throwIfAborted()
    const changes = await changeList(parts.db, spaceId, followed.last, PAGE)
    if (changes.length === 0) return
    await add(
      parts,
      followed,
      changes.flatMap(({ picture_id: pictureId, product_id: productId, group_no: group, features }) =>
        features === null ? [] : [{ pictureId, productId, group, features }],
      ),
    )
    await index.remove(changes.flatMap(({ picture_id, features }) => (features === null ? [picture_id] : [])))
    followed.last = changes.at(-1)!
  }
}

/** Adds what can be added: not what is damaged, and nothing more when the memory is full. Others are found all the same. */
async function add({ log }: NodeParts, followed: Followed, entries: readonly IndexEntry[]): Promise<void> {
  const { index, spaceId } = followed
  const isAdded = await index.upsert(entries).then(
    () => true,
    () => false,
  )
  // One by one, to see which it was.
  for (const entry of isAdded ? [] : entries) {
    const error: unknown = await index.upsert([entry]).catch((failure: unknown) => failure)
    if (error instanceof RangeError) {
      const { pictures } = index.stats()
      if (!followed.isFull)
        log.error({ err: error, space: spaceId }, `the picture index is full at ${pictures} pictures`)
      followed.isFull = true
      return
    }
    const { pictureId } = entry
    if (error) log.error({ err: error, space: spaceId, picture: pictureId }, `picture ${pictureId} cannot be searched`)
  }
}
