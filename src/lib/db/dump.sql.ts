import pg from 'pg'
import copyStreams, { type CopyStreamQuery, type CopyToStreamQuery } from 'pg-copy-streams'

/** A table that holds rows, partitions one by one. Generated columns are left out: the database makes them again. */
export type DumpTable = {
  schema: string
  name: string
  columns: string[]
  /** Set for a partition, so that it can be made where migrations do not make it. */
  partition: { schema: string; name: string; bound: string } | null
}
/** `lastValue` as text, as it may pass 2^53; null when never drawn from. */
export type DumpSequence = { schema: string; name: string; lastValue: string | null }
export type ForeignKey = { table: string; name: string; definition: string }

type Named = { schema: string; name: string }

/** The queue's schema is left out: what waits there is due again at the next tick, and the server makes it anew. */
const OURS = `n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'graphile_worker')
  and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')`

/** One view of the data for all statements that follow, printed in a form that every version and setting reads back. */
export async function snapshotBegin(client: pg.ClientBase): Promise<void> {
  await client.query('begin isolation level repeatable read, read only')
  await portableFormat(client)
}

/** Everything up to `commit` happens or does not. */
export async function loadBegin(client: pg.ClientBase): Promise<void> {
  await client.query('begin')
  await portableFormat(client)
}

async function portableFormat(client: pg.ClientBase): Promise<void> {
  await client.query(
    `set local datestyle = 'ISO, YMD'; set local intervalstyle = 'postgres'; set local bytea_output = 'hex';
     set local extra_float_digits = 1; set local client_encoding = 'UTF8'`,
  )
}

export async function transactionEnd(client: pg.ClientBase, how: 'commit' | 'rollback'): Promise<void> {
  await client.query(how)
}

export async function serverVersion(client: pg.ClientBase): Promise<string> {
  const { rows } = await client.query<{ server_version: string }>('show server_version')
  return rows[0]!.server_version
}

/** Every table with rows of ours, `schema_migration` apart, in the order of their names. */
export async function tablesList(client: pg.ClientBase): Promise<DumpTable[]> {
  const { rows } = await client.query<DumpTable>(
    `select n.nspname as schema, c.relname as name,
       array_agg(a.attname::text order by a.attnum) as columns,
       case when c.relispartition then (
         select json_build_object('schema', pn.nspname, 'name', p.relname, 'bound', pg_get_expr(c.relpartbound, c.oid))
         from pg_inherits i join pg_class p on p.oid = i.inhparent join pg_namespace pn on pn.oid = p.relnamespace
         where i.inhrelid = c.oid
       ) end as partition
     from pg_class c
     join pg_namespace n on n.oid = c.relnamespace
     join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
     where c.relkind = 'r' and ${OURS} and c.relname <> 'schema_migration'
     group by n.nspname, c.relname, c.oid, c.relispartition, c.relpartbound
     order by n.nspname, c.relname`,
  )
  return rows
}

/** How many tables of ours there are, whatever they hold. */
export async function tablesCount(client: pg.ClientBase): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    `select count(*)::int4 as count from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p') and ${OURS}`,
  )
  return rows[0]!.count
}

export async function sequencesList(client: pg.ClientBase): Promise<DumpSequence[]> {
  const { rows } = await client.query<DumpSequence>(
    `select n.nspname as schema, c.relname as name, pg_sequence_last_value(c.oid)::text as "lastValue"
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'S' and ${OURS}
     order by n.nspname, c.relname`,
  )
  return rows
}

export async function sequenceSet(client: pg.ClientBase, sequence: DumpSequence): Promise<void> {
  const name = quoted(sequence)
  if (sequence.lastValue === null) await client.query(`alter sequence ${name} restart`)
  else await client.query('select setval($1::regclass, $2::bigint)', [name, sequence.lastValue])
}

/** A stream of the table's rows as COPY prints them. */
export function rowsRead(client: pg.ClientBase, table: DumpTable): CopyToStreamQuery {
  return client.query(copyStreams.to(`copy ${quoted(table)} (${columnList(table)}) to stdout`))
}

/** Takes rows as `rowsRead` gives them. */
export function rowsWrite(client: pg.ClientBase, table: DumpTable): CopyStreamQuery {
  return client.query(copyStreams.from(`copy ${quoted(table)} (${columnList(table)}) from stdin`))
}

/** Readies fresh tables for rows in any order: no rows of migrations, no triggers, no references between tables. */
export async function tablesOpen(client: pg.ClientBase, tables: DumpTable[]): Promise<ForeignKey[]> {
  const { rows } = await client.query<ForeignKey>(
    `select conrelid::regclass::text as table, quote_ident(conname) as name, pg_get_constraintdef(o.oid) as definition
     from pg_constraint o join pg_class c on c.oid = o.conrelid join pg_namespace n on n.oid = c.relnamespace
     where o.contype = 'f' and o.conparentid = 0 and ${OURS}
     order by 1, 2`,
  )
  await client.query('set constraints all immediate')
  for (const { table, name } of rows) await client.query(`alter table ${table} drop constraint ${name}`)
  if (tables.length > 0) await client.query(`truncate ${tables.map(quoted).join(', ')}`)
  for (const table of tables) await client.query(`alter table ${quoted(table)} disable trigger user`)
  return rows
}

/** Undoes `tablesOpen`; throws when rows refer to what is not there. */
export async function tablesClose(client: pg.ClientBase, tables: DumpTable[], keys: ForeignKey[]): Promise<void> {
  for (const table of tables) await client.query(`alter table ${quoted(table)} enable trigger user`)
  for (const { table, name, definition } of keys) {
    await client.query(`alter table ${table} add constraint ${name} ${definition}`)
  }
}

/** `bound` is SQL of the backup's: only the three forms that PostgreSQL prints, with plain values, are run. */
export async function partitionCreate(client: pg.ClientBase, table: DumpTable): Promise<boolean> {
  const value = String.raw`(?:'[^'\\]*'|-?\d+|MINVALUE|MAXVALUE|NULL)`
  const list = String.raw`\(${value}(?:, ${value})*\)`
  const forms = new RegExp(`^(?:DEFAULT|FOR VALUES (?:FROM ${list} TO ${list}|IN ${list}))$`)
  if (!table.partition || !forms.test(table.partition.bound)) return false
  await client.query(`create table ${quoted(table)} partition of ${quoted(table.partition)} ${table.partition.bound}`)
  return true
}

/** Fresh rows have no statistics, and plans made without them are slow. */
export async function tablesAnalyze(client: pg.ClientBase, tables: DumpTable[]): Promise<void> {
  if (tables.length > 0) await client.query(`analyze ${tables.map(quoted).join(', ')}`)
}

function quoted({ schema, name }: Named): string {
  return `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)}`
}

function columnList({ columns }: DumpTable): string {
  return columns.map((column) => pg.escapeIdentifier(column)).join(', ')
}
