import assert from 'node:assert/strict'
import { readFileSync, globSync } from 'node:fs'
import { test } from 'node:test'
import { violations } from './architecture.ts'

const root = new URL('..', import.meta.url).pathname
const tree = new Map(
  globSync(['src/**/*.ts', 'migrations/*.sql'], { cwd: root }).map((path) => [path, readFileSync(root + path, 'utf8')]),
)

test('the tree keeps the rules of the house', () => {
  assert.ok(tree.size > 50)
  assert.deepEqual(violations(tree), [])
})

const broken: { rule: string; path: string; text: string }[] = [
  {
    rule: 'lib knows nothing of ours',
    path: 'src/lib/x.ts',
    text: `import { lookUp } from '../products/catalog/catalog.ts'`,
  },
  {
    rule: 'lib knows nothing of ours, not even a type',
    path: 'src/lib/x.ts',
    text: `import type { Ctx } from '../ctx.ts'`,
  },
  {
    rule: 'a wing does not know the web framework',
    path: 'src/products/catalog/x.ts',
    text: `import Fastify from 'fastify'`,
  },
  { rule: 'nor its plugins', path: 'src/access/keys/x.ts', text: `import cors from '@fastify/cors'` },
  { rule: 'nor its inside', path: 'src/access/keys/x.ts', text: `import Reply from 'fastify/lib/reply.js'` },
  {
    rule: 'a wing does not know the surfaces',
    path: 'src/access/keys/x.ts',
    text: `import { qc } from '../../surfaces/qc/qc.ts'`,
  },
  {
    rule: 'a wing does not know the jobs',
    path: 'src/money/ledger/x.ts',
    text: `import { JOBS } from '../../jobs.ts'`,
  },
  {
    rule: 'a surface does not know another',
    path: 'src/surfaces/qc/x.ts',
    text: `import { item } from '../item/item.ts'`,
  },
  {
    rule: 'wings import downwards',
    path: 'src/products/links/x.ts',
    text: `import { admit } from '../../access/admit.ts'`,
  },
  {
    rule: 'wings beside each other keep apart',
    path: 'src/money/ledger/x.ts',
    text: `import { parseLink } from '../../products/links/parse.ts'`,
  },
  {
    rule: 'nouns import those before them',
    path: 'src/products/links/x.ts',
    text: `import { lookUp } from '../catalog/catalog.ts'`,
  },
  {
    rule: 'a dynamic import is an import',
    path: 'src/products/links/x.ts',
    text: `await import('../catalog/catalog.ts')`,
  },
  {
    rule: 'a re-export is an import',
    path: 'src/products/links/x.ts',
    text: `export { lookUp } from '../catalog/catalog.ts'`,
  },
  { rule: 'a noun has its place in the order', path: 'src/products/gadgets/x.ts', text: `` },
  {
    rule: 'of ctx a wing takes the type alone',
    path: 'src/products/links/x.ts',
    text: `import { openCtx } from '../../ctx.ts'`,
  },
  { rule: 'the environment is read in one place', path: 'src/commands/x.ts', text: `console.log(process.env.HOME)` },
  {
    rule: 'by whatever name',
    path: 'src/commands/x.ts',
    text: `import { argv, env } from 'node:process'`,
  },
  { rule: 'or spelling', path: 'src/commands/x.ts', text: `console.log(process['env'].HOME)` },
  {
    rule: 'the demo is for commands and tests',
    path: 'src/surfaces/qc/x.ts',
    text: `import { drawDemo } from '../../demo/draw.ts'`,
  },
  {
    rule: 'so are the upstreams',
    path: 'src/products/sources/x.ts',
    text: `import { startUpstreams } from '../../upstreams/start.ts'`,
  },
  { rule: 'SQL has its own files', path: 'src/access/keys/x.ts', text: `import { sql } from 'kysely'` },
  { rule: 'in text form too', path: 'src/access/keys/x.ts', text: `client.query('select 1')` },
  { rule: 'merge too', path: 'src/access/keys/x.ts', text: 'client.query(`merge into stock using fresh on true`)' },
  ...['selectFrom', 'insertInto', 'updateTable', 'deleteFrom', 'mergeInto'].map((verb) => ({
    rule: `and as Kysely's ${verb}`,
    path: 'src/access/keys/x.ts',
    text: `db.${verb}('api_key').execute()`,
  })),
  { rule: 'a table belongs to one folder', path: 'src/products/catalog/x.sql.ts', text: 'sql`select id from api_key`' },
  {
    rule: 'whatever is done to it',
    path: 'src/products/catalog/x.sql.ts',
    text: 'sql`insert into api_key (id) values (1)`',
  },
  {
    rule: 'in a list of tables',
    path: 'src/products/catalog/x.sql.ts',
    text: 'sql`select p.id from product p, api_key k where true`',
  },
  {
    rule: 'in a merge',
    path: 'src/products/catalog/x.sql.ts',
    text: 'sql`merge into api_key using (values (1)) v (id) on true when matched then do nothing`',
  },
  ...['selectFrom', 'insertInto', 'updateTable', 'deleteFrom', 'mergeInto'].map((verb) => ({
    rule: `by Kysely's ${verb}`,
    path: 'src/products/catalog/x.sql.ts',
    text: `db.${verb}('api_key as k').execute()`,
  })),
  { rule: 'no barrels', path: 'src/products/links/index.ts', text: `` },
  { rule: 'no folder of odds and ends', path: 'src/lib/utils.ts', text: `` },
  { rule: 'not deeper than three folders', path: 'src/products/sources/onebound/parts/x.ts', text: `` },
  { rule: 'kebab-case names', path: 'src/lib/someThing.ts', text: `` },
  { rule: 'not longer than 400 lines', path: 'src/lib/x.ts', text: 'x\n'.repeat(401) },
]

for (const { rule, path, text } of broken) {
  test(`broken on purpose: ${rule}`, () => {
    const found = violations(new Map([...tree, [path, text]])).filter((each) => each.startsWith(`${path}: `))
    assert.equal(found.length, 1, found.join('\n'))
  })
}
