import { hash } from 'node:crypto'
import type { Ctx } from '../../ctx.ts'
import { DomainError } from '../../lib/errors.ts'
import { cataloguesOf } from '../catalog/catalog.ts'
import { findIds, productsOf, sievedIds, type Wishes } from '../catalog/search.ts'
import type { Product, Scope } from '../catalog/product.ts'
import { readPicture } from '../media/media.ts'
import { groupsOf } from './groups.ts'
import type { LoadedSpace, SearchNode } from './node.ts'
import { addressesOf } from './found.sql.ts'
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
type List = { ranked: Ranked[]; searched: Hits['searched']; keptUntilMs: number }

const KEPT_MS = 10 * 60_000
const KEPT_MAX = 100
/** Lists by what was asked, so that a page is followed by the next one whatever was added meanwhile. */
const KEPT = new WeakMap<SearchNode, Map<string, List>>()

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

async function listOf(ctx: Ctx, scope: Scope, asked: Asked): Promise<List> {
  const kept = KEPT.get(ctx.search) ?? new Map<string, List>()
  KEPT.set(ctx.search, kept)
  const key = keyOf(scope, asked)
  const now = ctx.clock.elapsedMs()
  const known = kept.get(key)
  if (known && known.keptUntilMs > now && asked.offset > 0) return known

  const list = { ...(await makeList(ctx, scope, asked)), keptUntilMs: now + KEPT_MS }
  kept.delete(key)
  kept.set(key, list)
  if (kept.size > KEPT_MAX) kept.delete(kept.keys().next().value!)
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

async function makeList(ctx: Ctx, scope: Scope, { sought, wishes }: Asked): Promise<Omit<List, 'keptUntilMs'>> {
  if (sought === null) {
    const ids = await findIds(ctx, scope, wishes, RANKED_MAX)
    return { ranked: ids.map((productId) => ({ productId, found: null })), searched: null }
  }
  // Words that cannot be searched for are told before a picture is fetched for them.
  await sievedIds(ctx, scope, wishes, [])
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
  const address = 'like' in sought ? sought.like.images[0] : sought.address
  return address === undefined ? null : readPicture(ctx, address)
}
