import { once } from 'node:events'
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { setImmediate as turn } from 'node:timers/promises'
import type pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { digestsOf, markingsOf, type Ring } from '../src/risk/keys/ring.ts'
import { normaliseListed } from '../src/risk/normalise/normalise.ts'
import type { IdentifierType } from '../src/risk/normalise/normalised.ts'

const TICKS_A_SECOND = 100

/** Of ten entries that follow each other. */
const MIX: readonly IdentifierType[] = [
  'email',
  'ip',
  'device',
  'email',
  'phone',
  'username',
  'email',
  'ip',
  'device',
  'address',
]
const NAMES = 'ada bela cleo dara enzo fay gus hana ivo june kai lena milo nora otis pia remy suna tomo uma'.split(' ')
const STREETS = 'Harbour Mill Orchard Station Chapel Meadow Quarry Bridge Garden Weaver'.split(' ')

/** How much of an address the networks have that are listed instead of some of the addresses. */
const PREFIXES = { 4: [16, 20, 22, 24], 6: [32, 40, 48, 64] }

/** What is listed under a number: an identifier, or, a thousand times, a network. */
function listedOf(number: number): { type: IdentifierType; value: string } {
  const { type, value } = identifierOf(number)
  const isNetwork = type === 'ip' && number < 5_000
  const prefixes = PREFIXES[value.includes(':') ? 6 : 4]
  return { type, value: isNetwork ? `${value}/${prefixes[number % prefixes.length]}` : value }
}

/** An invented identifier: the same for the same number, another for any other. */
export function identifierOf(number: number): { type: IdentifierType; value: string } {
  const type = MIX[number % MIX.length]!
  const name = `${NAMES[number % 19]}${NAMES[Math.floor(number / 19) % 20]}`
  const spread = Math.imul(number, 0x9e3779b1) >>> 0
  const value: Record<IdentifierType, () => string> = {
    email: () => `${name}.${number.toString(36)}@mail${number % 4_000}.example.net`,
    username: () => `${name}_${number.toString(36)}`,
    phone: () => phoneOf(Math.floor(number / 10)),
    address: () => addressOf(number),
    ip: () => (number % 10 === 7 ? ip6Of(number, spread) : ip4Of(spread)),
    device: () => spread.toString(16).padStart(8, '0').repeat(3) + number.toString(16).padStart(8, '0'),
  }
  return { type, value: value[type]() }
}

/** Of the first ten million; 07 inside, as nothing that looks like a blank filled in is a number. */
function phoneOf(nth: number): string {
  const digits = String((nth * 7_919) % 9_999_991).padStart(7, '0')
  return `+4915${digits.slice(0, 5)}07${digits.slice(5)}`
}

function ip4Of(spread: number): string {
  const [first, ...rest] = [spread >>> 24, (spread >>> 16) & 255, (spread >>> 8) & 255, spread & 255]
  return [first % 100 === 0 ? 88 : 20 + (first % 80), ...rest].join('.')
}

function ip6Of(number: number, spread: number): string {
  return ['2a02', (spread >>> 16).toString(16), (spread & 0xffff).toString(16), 7, 0, 0, 1, (number >>> 8) & 0xffff]
    .map((group) => (typeof group === 'number' ? group.toString(16) : group))
    .join(':')
}

function addressOf(number: number): string {
  const street = `${STREETS[number % 10]}${NAMES[Math.floor(number / 10) % 20]} Street`
  return `${1 + (Math.floor(number / 200) % 180)} ${street}, Flat ${1 + (number % 9)}, Springfield, IL ${String(10_000 + (Math.floor(number / 36_000) % 90_000))}, USA`
}

/** Fills an empty list with entries by COPY and makes its indexes behind; one in fifty is the account's own, half are shared. */
export async function fill(
  client: pg.Client,
  {
    count,
    ring,
    account,
    onProgress,
  }: { count: number; ring: Ring; account: number; onProgress: (done: number) => void },
): Promise<{ marks: number }> {
  const restore = await dropIndexes(client)
  await client.query(`insert into risk_source (name, party, confidence) values ('bench', 'house', 100)`)
  const now = new Date().toISOString()
  const until = new Date(Date.now() + 365 * 86_400_000).toISOString()
  let marks = 0
  const STEP = 100_000
  for (let from = 0; from < count; from += STEP) {
    const held: string[] = []
    const entries = client.query(
      copyFrom(`copy risk_entry (id, subject, owner, kind, type, reason_code, reason, source_id, hint, first_seen, seen_at, listed_at,
        expires_at, corroborated_until, is_sandbox, rule_version) from stdin`),
    )
    for (let number = from; number < Math.min(count, from + STEP); number++) {
      const { type, value } = listedOf(number)
      const normalised = normaliseListed(type, value, { region: null, allowDocumentation: false })
      if (normalised.kind === 'unfit') throw new Error(`${type} ${value}: ${normalised.why}`)
      const owner = number % 50 === 0 ? account : 0
      const shared = owner === 0 && number % 2 === 1 ? until : '\\N'
      const id = number + 1
      await send(
        entries,
        `${id}\t${id}\t${owner}\tadverse\t${type}\tchargeback\tChargeback on an order\t1\t${normalised.hint}\t2026-01-01\t${now}\t${now}\t${until}\t${shared}\tf\t1\n`,
      )
      for (const [at, { form, text }] of markingsOf(type, normalised.keys).entries()) {
        const digest = digestsOf(ring, text).at(-1)!.toString('hex')
        held.push(`\\\\x${digest}\t${owner}\tt\t${id}\t1\t${form}\t${at === 0 ? 't' : 'f'}\t${shared}\n`)
      }
    }
    await end(entries)
    const copied = client.query(
      copyFrom(
        'copy risk_mark (digest, owner, is_adverse, entry_id, generation, form, is_subject, shared_until) from stdin',
      ),
    )
    for (let at = 0; at < held.length; at += 500) await send(copied, held.slice(at, at + 500).join(''))
    await end(copied)
    marks += held.length
    onProgress(Math.min(count, from + STEP))
    await turn()
  }
  const prefixes = Object.entries(PREFIXES).flatMap(([version, lengths]) => lengths.map((bits) => `${version}/${bits}`))
  await client.query('insert into risk_prefix select unnest($1::text[])', [prefixes])
  await restore()
  await client.query('vacuum analyze risk_entry, risk_mark')
  return { marks }
}

/** Takes the indexes off; answers what puts the same ones back. */
async function dropIndexes(client: pg.Client): Promise<() => Promise<void>> {
  const { rows: constraints } = await client.query<{ table: string; name: string; definition: string }>(`
    select conrelid::regclass::text as table, conname as name, pg_get_constraintdef(oid) as definition from pg_constraint
    where conrelid in ('risk_entry'::regclass, 'risk_mark'::regclass) and contype in ('u', 'f') or conname = 'risk_mark_pkey'`)
  for (const { table, name } of constraints) await client.query(`alter table ${table} drop constraint ${name}`)
  const { rows: indexes } = await client.query<{ name: string; definition: string }>(`
    select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition from pg_index
    where indrelid in ('risk_entry'::regclass, 'risk_mark'::regclass) and not indisprimary`)
  for (const { name } of indexes) await client.query(`drop index ${name}`)
  return async () => {
    await client.query(`set maintenance_work_mem = '1GB'`)
    for (const { table, name, definition } of constraints) {
      await client.query(`alter table ${table} add constraint ${name} ${definition}`)
    }
    for (const { definition } of indexes) await client.query(definition)
  }
}

async function send(stream: Writable, text: string): Promise<void> {
  if (!stream.write(text)) await once(stream, 'drain')
}

async function end(stream: Writable): Promise<void> {
  stream.end()
  await finished(stream)
}

/** What the server and its sessions have used, those that ended among them. */
export async function cpuSecondsOf(clusterFolder: string): Promise<number> {
  const postmaster = (await readFile(join(clusterFolder, 'postmaster.pid'), 'utf8')).split('\n')[0]!
  let ticks = 0
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
    const [, parent, ...fields] = text.slice(text.lastIndexOf(')') + 2).split(' ')
    const used = fields.slice(9, pid === postmaster ? 13 : 11).map(Number)
    if (pid === postmaster || parent === postmaster) ticks += used.reduce((sum, each) => sum + each, 0)
  }
  return ticks / TICKS_A_SECOND
}
