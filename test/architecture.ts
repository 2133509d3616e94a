import { posix } from 'node:path'

/** What may be imported from where: a wing imports itself and the wings listed. Everything may import lib. */
const BELOW: Record<string, readonly string[]> = {
  lib: [],
  events: [],
  products: ['events'],
  money: ['events'],
  risk: ['events'],
  access: ['products', 'money', 'risk', 'events'],
  shopping: ['access', 'products', 'money', 'risk', 'events'],
  sandbox: ['shopping', 'access', 'products', 'money', 'risk', 'events'],
  surfaces: ['sandbox', 'shopping', 'access', 'products', 'money', 'risk', 'events'],
}
const WINGS = new Set(['events', 'products', 'money', 'risk', 'access', 'shopping'])

/** The nouns of each wing, each standing on those before it. */
const NOUNS: Record<string, readonly string[]> = {
  events: ['outbox', 'timers', 'audit', 'webhooks', 'mail'],
  products: ['links', 'media', 'translation', 'sources', 'catalog', 'search', 'qc'],
  money: ['ledger', 'plans', 'rates', 'billing'],
  risk: ['normalise', 'keys', 'list', 'score', 'check', 'disputes'],
  access: ['accounts', 'staff', 'keys', 'limits', 'usage', 'idempotency'],
  shopping: ['customers', 'coupons', 'cart', 'orders', 'purchasing', 'warehouse', 'shipping', 'tracking', 'planner'],
}

/** Files of a wing that hold the words all its nouns share, below the first of them. */
const VOCABULARY = new Set(['src/products/listing.ts'])

const LINES_MAX = 400
/** Tables of data, which may be as long as their data. */
const DATA = /^src\/(?:demo\/|products\/(?:links\/agents|translation\/glossary-))/
const ODDS_AND_ENDS = /\/(?:index|utils|helpers|common|types)\.ts$/
/** A surface of this name exists; it is not a folder of odds and ends. */
const NAMED_COMMON = 'src/surfaces/common/common.ts'
const STATEMENT =
  /['"`]\s*(?:select\s[^'"`]*\sfrom\s|select\s+(?:\d|\w+\()|insert\s+into\s|update\s+\w+\s+set\s|delete\s+from\s|merge\s+into\s|with\s+\w+\s+as\s*\(|(?:create|drop|alter)\s+(?:table|database|role|index|schema|temp)|truncate\s+\w+['"`]|listen\s+["$]|set\s+local\s)/i

/** Kysely's builders, which say SQL in other words. The table is the first argument. */
const BUILDER = /\.(?:selectFrom|insertInto|updateTable|deleteFrom|mergeInto)\(/
/** By any name: `process.env`, `process['env']`, an import of `env`, or `process` by another name. */
const ENVIRONMENT =
  /\bprocess\s*(?:\?\.|\.)\s*env\b|\bprocess\s*(?:\?\.)?\s*\[\s*['"`]env['"`]|\{[^}]*\benv\b[^}]*\}\s*(?:from\s*['"](?:node:)?process['"]|=\s*(?:globalThis\.)?process\b)/

/** Every break of the house's rules in a tree of `path → text`, as `path: what is wrong`. */
export function violations(tree: ReadonlyMap<string, string>): string[] {
  const owners = tableOwners(tree)
  return [...tree].flatMap(([path, text]) => {
    if (!path.startsWith('src/')) return []
    const found = [...shapeFaults(path, text), ...importFaults(path, text), ...sqlFaults(path, text, owners)]
    return found.map((fault) => `${path}: ${fault}`)
  })
}

function shapeFaults(path: string, text: string): string[] {
  const segments = path.split('/')
  const [, wing = '', noun = ''] = segments
  const isNounFolder = segments.length > 3 && wing in NOUNS
  const lines = text.split('\n').length - 1
  return [
    ...(ODDS_AND_ENDS.test(path) && path !== NAMED_COMMON ? ['a file of this name gathers odds and ends'] : []),
    ...(segments.length > 5 ? ['lies deeper than three folders'] : []),
    ...(/^[a-z0-9-]+(?:\.sql|\.d)?\.ts$/.test(segments.at(-1)!) ? [] : ['is not in kebab-case']),
    ...(lines > LINES_MAX && !DATA.test(path) ? [`has ${lines} lines; the limit is ${LINES_MAX}`] : []),
    ...(isNounFolder && !NOUNS[wing]!.includes(noun) ? [`${noun} has no place in the order of ${wing}`] : []),
    ...(ENVIRONMENT.test(text) && path !== 'src/config.ts' ? ['reads the environment; config.ts alone may'] : []),
  ]
}

type Import = { target: string; typeOnly: boolean }

function importsOf(path: string, text: string): Import[] {
  const statements = text.matchAll(
    /^\s*(import|export)\s+(type\s)?[^'"`;]*?from\s*['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)|^\s*import\s*['"]([^'"]+)['"]/gm,
  )
  return [...statements].map((match) => {
    const target = match[3] ?? match[4] ?? match[5]!
    const isOurs = target.startsWith('.')
    return { target: isOurs ? posix.join(posix.dirname(path), target) : target, typeOnly: match[2] !== undefined }
  })
}

function importFaults(path: string, text: string): string[] {
  const [, wing = '', noun = ''] = path.split('/')
  return importsOf(path, text).flatMap(({ target, typeOnly }) => {
    if (!target.startsWith('src/')) {
      const isFramework = /^(?:fastify(?:\/|$)|@fastify\/)/.test(target)
      return isFramework && (WINGS.has(wing) || wing === 'lib') ? [`imports ${target}`] : []
    }
    const [, otherWing = '', otherNoun = ''] = target.split('/')
    if (otherWing === 'demo' || otherWing === 'upstreams') {
      return ['commands', 'demo', 'upstreams', 'main.ts'].includes(wing)
        ? []
        : [`imports ${target}, which is for commands and tests`]
    }
    if (!(wing in BELOW)) return []
    if (target === 'src/ctx.ts' || target === 'src/config.ts') {
      return wing !== 'lib' && typeOnly ? [] : [`imports more than the type of ${target}`]
    }
    if (wing === 'surfaces' && otherWing === 'surfaces') {
      const isRoom = (name: string) => !name.endsWith('.ts')
      return isRoom(otherNoun) && noun !== otherNoun ? [`imports another surface: ${target}`] : []
    }
    if (wing !== otherWing) {
      return otherWing === 'lib' || BELOW[wing]!.includes(otherWing) ? [] : [`imports upwards: ${target}`]
    }
    return nounFault(wing, noun, otherNoun) ? [`imports a later noun: ${target}`] : []
  })
}

function nounFault(wing: string, noun: string, otherNoun: string): boolean {
  const order = NOUNS[wing]
  if (!order || noun.endsWith('.ts')) return false // a file of the wing itself, such as admit.ts, stands on all nouns
  if (otherNoun.endsWith('.ts')) return !VOCABULARY.has(`src/${wing}/${otherNoun}`)
  return order.indexOf(otherNoun) > order.indexOf(noun)
}

/** Which folder holds the statements on a table: the one that uses it first in the order of paths, as the others then show. */
function tableOwners(tree: ReadonlyMap<string, string>): Map<string, string> {
  const migrations = [...tree].filter(([path]) => path.endsWith('.sql'))
  const tables = migrations.flatMap(([, text]) =>
    [...text.matchAll(/create table (?:if not exists )?(\w+)/gi)].map((match) => match[1]!),
  )
  const owners = new Map<string, string>()
  for (const path of [...tree.keys()].filter((each) => each.endsWith('.sql.ts')).sort()) {
    for (const table of tables) {
      if (!owners.has(table) && usesTable(tree.get(path)!, table)) owners.set(table, posix.dirname(path))
    }
  }
  return owners
}

function usesTable(text: string, table: string): boolean {
  const named = `(?:only\\s+)?(?:public\\.)?"?${table}\\b`
  const statement = `\\b(?:from|join|using|into|update|table|copy|lock)\\s+${named}`
  // The second table of `from a, b`, with or without short names.
  const listed = `\\b(?:from|using)\\s+[\\w."]+(?:\\s+(?:as\\s+)?\\w+)?(?:\\s*,\\s*[\\w."]+(?:\\s+(?:as\\s+)?\\w+)?)*\\s*,\\s*${named}`
  const builder = `\\.(?:selectFrom|insertInto|updateTable|deleteFrom|mergeInto|\\w+Join|using)\\(\\s*\\[?[^()]*?['"\`]${named}`
  return new RegExp(`${statement}|${listed}|${builder}`, 'i').test(text)
}

function sqlFaults(path: string, text: string, owners: ReadonlyMap<string, string>): string[] {
  if (!path.endsWith('.sql.ts')) {
    const imports = /import\s+\{[^}]*\bsql\b[^}]*\}\s+from\s+['"]kysely['"]/.test(text)
    return imports || STATEMENT.test(text) || BUILDER.test(text) ? ['holds SQL; statements live in *.sql.ts'] : []
  }
  const folder = posix.dirname(path)
  return [...owners].flatMap(([table, owner]) =>
    owner !== folder && usesTable(text, table) ? [`uses the table ${table}, which belongs to ${owner}`] : [],
  )
}
