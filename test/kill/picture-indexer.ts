// Indexes the pictures of all products as a server does and prints the number of those that are made, in all spaces, whenever
// it has grown. Spaces are filled and taken over one after another without an end; with `finish` it ends when nothing is
// left to do.
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { readConfig } from '../../src/config.ts'
import { interruption, openCtx } from '../../src/ctx.ts'
import { runIndexer } from '../../src/products/search/indexer.ts'
import { assetOf, beginFilling, defaultAsset, ensureSpaces } from '../../src/products/search/spaces.ts'

const LOOK = `
  select (select count(*)::int from search_vector where features is not null) as made,
    exists (select from search_due d join search_space s on s.id = d.space_id where s.state <> 'retired')
      or exists (select from search_space where state <> 'retired' and noted_to is not null)
      or exists (select from search_space where state = 'filling') as "isBusy"`

const isLast = process.argv[2] === 'finish'
const stopping = new AbortController()
const interrupted = interruption()
interrupted.addEventListener('abort', () => stopping.abort())
const ctx = await openCtx(readConfig(), undefined, { isNode: true })
const client = new pg.Client(ctx.connection)
await client.connect()
const asset = assetOf(await defaultAsset())
await ensureSpaces(ctx)
const indexing = runIndexer(ctx, { signal: stopping.signal })
let known: number | null = null
while (!stopping.signal.aborted) {
  const { rows } = await client.query<{ made: number; isBusy: boolean }>(LOOK)
  const { made, isBusy } = rows[0]!
  if (known !== null && made > known) process.stdout.write(`${made}\n`)
  known = made
  if (!isBusy && isLast) stopping.abort()
  else if (!isBusy) await beginFilling(ctx, asset, 'default')
  await delay(10)
}
await indexing
await client.end()
await ctx.close()
