import { hash } from 'node:crypto'
import type { Ctx } from '../../ctx.ts'
import { DomainError } from '../../lib/errors.ts'
import { cataloguesOf } from '../catalog/catalog.ts'
import { assertWishes, findIds, productsOf, sievedIds, type Wishes } from '../catalog/search.ts'
import type { Product, Scope } from '../catalog/product.ts'
import { assertAddress } from '../media/fetch.ts'
import { readPicture } from '../media/media.ts'
import { groupsOf } from './groups.ts'
import { openKeptLists, type KeptLists } from './kept-lists.ts'
import type { LoadedSpace, SearchNode } from './node.ts'
import { addressesOf } from './pictures.sql.ts'
import type { Found, Match } from './vectors/vector-index.ts'

/** How many products a search ranks at most; what lies behind them is not paged to. */
export const RANKED_MAX = 1_000

/** What is searched with: an address of a picture, its bytes, or a product, for more like it. */
export type Sought = { address: string } | { bytes: Buffer } | { like: Product }

export type Asked = {
  /** Null: words alone. */
  sought: Sought | null
  wishes: Wishes
  /** Whose pages these are, so that two callers who ask the same do not turn each other's. */
  reader: number
  offset: number
  limit: number
}

/** A product that was found; without a picture there is nothing to match. */
export type Hit = { product: Product; match: Match | null; score: number | null; matchedPicture: string | null }

export type Hits = {
  hits: Hit[]
  /** Of all that were found, up to `RANKED_MAX`. */
  total: number
  /** What was searched: null for words alone. */
  searched: { pictures: number; changedAt: Date | null } | null
}

type Ranked = { productId: number; found: Found | null }
type List = Pick<Hits, 'searched'> & { ranked: Ranked[] }

/** How many pictures of a product are asked for, to find more like it. */
const LIKE_TRIES_MAX = 3
/** By node, as that is what a list was made from. */
const KEPT = new WeakMap<SearchNode, KeptLists<List>>()

/**
 * A page of the products that match a picture, words, or both: with a picture the best match first, each product by its
 * best picture, otherwise as `searchProducts` orders them. The list is made for the first page and kept for ten minutes, so
 * that the following pages go on where that ended. Throws `input_invalid`, `unprocessable` for what is no acceptable picture
 * or cannot be fetched, and `busy`.
 */
export async function search(ctx: Ctx, scope: Scope, asked: Asked): Promise<Hits> {
  const { offset, limit } = asked
  const { ranked, searched } = await listOf(ctx, scope, asked)
  const page = ranked.slice(offset, offset + limit)
  const [products, addresses] = await Promise.all([
    productsOf(
      ctx,
      page.map(({ productId }) => productId),
    ),
    addressesOf(
      ctx.db,
      page.flatMap(({ found }) => found?.pictureId ?? []),
    ),
  ])
  const founds = new Map(page.map(({ productId, found }) => [productId, found]))
  const hits = products.map((product): Hit => {
    const found = founds.get(product.id) ?? null
    const matchedPicture = found && (addresses.get(found.pictureId) ?? null)
    return { product, match: found && found.match, score: found && found.score, matchedPicture }
  })
  return { hits, total: ranked.length, searched }
}

/**
 * Throws `input_invalid` for what `search` would refuse without looking: words or prices that cannot be searched for, and an
 * address that is none.
 */
export function assertSought({ wishes, address }: { wishes: Wishes; address: string | null }): void {
  assertWishes(wishes)
  if (address !== null) assertAddress(address)
}

async function listOf(ctx: Ctx, scope: Scope, asked: Asked): Promise<List> {
  const kept = KEPT.get(ctx.search) ?? openKeptLists<List>()
  KEPT.set(ctx.search, kept)
  const key = keyOf(scope, asked)
  const nowMs = ctx.clock.elapsedMs()
  const known = asked.offset > 0 ? kept.find(key, nowMs) : null
  if (known) return known

  const list = await makeList(ctx, scope, asked)
  kept.keep(key, list, { reader: asked.reader, entries: list.ranked.length, nowMs })
  return list
}

function keyOf({ catalogue }: Scope, { sought, wishes, reader }: Asked): string {
  const what =
    sought === null
      ? null
      : 'bytes' in sought
        ? `bytes ${hash('sha256', sought.bytes)}`
        : 'like' in sought
          ? `like ${sought.like.id}`
          : `address ${sought.address}`
  return hash('sha256', JSON.stringify([catalogue, reader, what, wishes]))
}

async function makeList(ctx: Ctx, scope: Scope, { sought, wishes }: Asked): Promise<List> {
  if (sought === null) {
    const ids = await findIds(ctx, scope, wishes, RANKED_MAX)
    return { ranked: ids.map((productId) => ({ productId, found: null })), searched: null }
  }
  const space = loadedSpace(ctx)
  const picture = await pictureOf(ctx, sought)
  const { found } =
    picture === null
      ? { found: [] }
      : await space.index.search(await space.embedding.embedQuery(picture), {
          groups: groupsOf(cataloguesOf(ctx, scope), wishes.storefront ?? null),
          limit: RANKED_MAX,
          ...('like' in sought && { except: sought.like.id }),
        })
  const seen = await sievedIds(
    ctx,
    scope,
    wishes,
    found.map(({ productId }) => productId),
  )
  return {
    ranked: found
      .filter(({ productId }) => seen.has(productId))
      .map((each) => ({ productId: each.productId, found: each })),
    searched: { pictures: space.index.stats().pictures, changedAt: space.changedAt },
  }
}

function loadedSpace(ctx: Ctx): LoadedSpace {
  const space = ctx.search.current()
  if (space) return space
  throw new DomainError('busy', 'The picture index is being loaded; try again in a moment.', { retryAfterSeconds: 5 })
}

/** Null for a product without pictures. */
async function pictureOf(ctx: Ctx, sought: Sought): Promise<Buffer | null> {
  if ('bytes' in sought) return sought.bytes
  if ('address' in sought) return readPicture(ctx, sought.address)
  const addresses = sought.like.images.slice(0, LIKE_TRIES_MAX)
  for (const address of addresses) {
    // Sellers take pictures away, and their hosts fail; the next one may do.
    const picture = await readPicture(ctx, address).catch(() => null)
    if (picture) return picture
  }
  if (addresses.length === 0) return null
  throw new DomainError('unprocessable', 'No picture of this product can be had at the moment.')
}
