import { once } from 'node:events'
import { finished } from 'node:stream/promises'
import type pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import type { ListingRow } from './rows.ts'

/** Settings of the importing connection: time for a batch, and room to sort what goes into the index of terms. */
const SETTINGS = `
  set statement_timeout = '60s';
  set lock_timeout = '10s';
  set work_mem = '64MB';
  set gin_pending_list_limit = '16MB'`

/** Takes its columns from `product`, so that a batch is checked and converted once, on the way in. */
const INCOMING = `
  create temporary table incoming on commit delete rows as
  select marketplace, listing_id, title, price_fen, sales, details, translations, search_terms, content_digest
  from product with no data`

const STORE = `
  insert into product (catalogue, marketplace, listing_id, title, price_fen, sales, details, translations, source,
    fetched_at, search_terms, content_digest)
  select 'live', marketplace, listing_id, title, price_fen, sales, details, translations, 'feed', $1, search_terms,
    content_digest
  from incoming
  on conflict (catalogue, storefront, listing_id) do update set
    marketplace = excluded.marketplace, title = excluded.title, price_fen = excluded.price_fen,
    sales = excluded.sales, details = excluded.details, translations = excluded.translations,
    source = excluded.source, fetched_at = excluded.fetched_at, search_terms = excluded.search_terms,
    content_digest = excluded.content_digest`

/** The limit keeps it to one look into the index for each name, also in a table too new to have statistics. */
const KNOWN = `
  select named.storefront || '/' || named.listing_id as key, encode(stored.content_digest, 'hex') as digest
  from unnest($1::text[], $2::text[]) as named (storefront, listing_id)
  cross join lateral (
    select content_digest from product
    where catalogue = 'live' and product.storefront = named.storefront and product.listing_id = named.listing_id
      and source = 'feed'
    limit 1) as stored`

const BUMP = `
  with locked as materialized (
    select shard from catalog_epoch where shard = any($1::smallint[]) order by shard for update),
  bumped as (
    update catalog_epoch set value = value + 1 from locked where catalog_epoch.shard = locked.shard)
  select pg_notify('epoch', 'catalog')`

const CHUNK_CHARACTERS = 256 * 1024

/** Makes a dedicated connection ready for batches. */
export async function importPrepare(client: pg.Client): Promise<void> {
  await client.query(SETTINGS)
  await client.query(INCOMING)
}

/** The digests in hexadecimal of those listings that an earlier import stored, by `refKey`. */
export async function importKnown(client: pg.Client, keys: readonly string[]): Promise<Map<string, string>> {
  const named = keys.map((key) => key.split('/'))
  const { rows } = await client.query<{ key: string; digest: string }>(KNOWN, [
    named.map(([storefront]) => storefront),
    named.map(([, listingId]) => listingId),
  ])
  return new Map(rows.map(({ key, digest }) => [key, digest]))
}

/**
 * Writes a batch in one transaction. `lines` are what `copyLine` gives, of
 * distinct listings in one order for all imports, so that two at once never wait for each other.
 */
export async function importBatch(
  client: pg.Client,
  lines: readonly string[],
  shards: Iterable<number>,
  at: Date,
): Promise<void> {
  await client.query('begin')
  try {
    await copyLines(client, 'copy incoming from stdin', lines)
    await client.query(STORE, [at])
    await client.query(BUMP, [[...shards]])
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  }
}

/** Brings the index of terms up to date, which the batches only add notes to. */
export async function importFinish(client: pg.Client): Promise<void> {
  await client.query(`select gin_clean_pending_list('product_search_terms_idx')`)
}

/** Sends lines of COPY's text format, a piece at a time, waiting while the server is behind. */
export async function copyLines(client: pg.ClientBase, statement: string, lines: Iterable<string>): Promise<void> {
  const copy = client.query(copyFrom(statement))
  const done = finished(copy)
  // Heard at once: the server may refuse a row while the rest is still being sent.
  done.catch(() => {})
  let piece = ''
  const send = async () => {
    if (!copy.write(piece) && !copy.destroyed) await Promise.race([once(copy, 'drain'), done])
    piece = ''
  }
  for (const line of lines) {
    piece += line
    if (piece.length >= CHUNK_CHARACTERS) await send()
  }
  await send()
  copy.end()
  await done
}

/** A row as a line of COPY's text format, in the order of the table of incoming rows. */
export function copyLine(row: ListingRow): string {
  const terms = `{${row.searchTerms.map((term) => `"${term}"`).join()}}`
  return `${row.marketplace}\t${row.listingId}\t${escape(row.title)}\t${row.priceFen ?? '\\N'}\t${row.sales ?? '\\N'}\t${escape(row.details)}\t${escape(row.translations)}\t${terms}\t\\\\x${row.contentDigest}\n`
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }

function escape(text: string): string {
  return /[\\\n\r\t]/.test(text) ? text.replace(/[\\\n\r\t]/g, (each) => ESCAPES[each]!) : text
}
