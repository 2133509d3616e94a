import { decode, findParam, trimMarks } from './address.ts'
import type { Param } from './address.ts'
import { AGENTS } from './agents.ts'
import { family } from './marketplaces.ts'
import type { Marketplace } from './marketplaces.ts'
import type { Form } from './registry.ts'

/** What a form found: `id` and `marketplace` are null where the address does not tell them. */
export type FormMatch = { form: Form; id: string | null; marketplace: Marketplace | null; twice: boolean }

/** Codes that are words, the same at every agent. */
const WORDS: ReadonlyMap<string, Marketplace> = new Map([
  ['taobao', 'taobao'],
  ['tb', 'taobao'],
  ['tmall', 'tmall'],
  ['weidian', 'weidian'],
  ['micro', 'weidian'],
  ['wd', 'weidian'],
  ['1688', '1688'],
  ['ali_1688', '1688'],
  ['ali1688', '1688'],
  ['alibaba', '1688'],
  ['al', '1688'],
  ['ali', '1688'],
  ['xianyu', 'goofish'],
  ['goofish', 'goofish'],
])

/** The marketplace that an agent means by a code, in any case; null when nobody knows. */
function readCode(codes: Readonly<Record<string, Marketplace>>, code: string): Marketplace | null {
  const key = code.toLowerCase()
  return (Object.hasOwn(codes, key) ? codes[key]! : WORDS.get(key)) ?? null
}

type Code = { marketplace: Marketplace | null; twice: boolean }

/**
 * What the form's codes say; null when the address has none. The first decides. `twice`: the same parameter again, or
 * another one that is read as a code, tells another marketplace.
 */
function findCode(form: Form, codes: Readonly<Record<string, Marketplace>>, params: readonly Param[]): Code | null {
  let found: Code | null = null
  let foundName = ''
  for (const name of form.code ?? []) {
    for (const param of params) {
      if (param.name !== name || param.value === '') continue
      const marketplace = readCode(codes, trimMarks(decode(param.value)))
      if (found === null) {
        found = { marketplace, twice: false }
        foundName = name
      } else if (found.marketplace && marketplace && family(found.marketplace) === family(marketplace)) {
        if (marketplace === 'tmall') found.marketplace = marketplace
      } else if (found.marketplace !== marketplace && (name === foundName || (found.marketplace && marketplace))) {
        found.twice = true
      }
    }
  }
  return found
}

type Pattern = { expression: RegExp; idAt: number; codeAt: number }

/** Forms with `{id}` or `{code}` in their path, as expressions over a plain path. */
const PATTERNS: ReadonlyMap<Form, Pattern> = new Map(
  AGENTS.flatMap((agent) => [...agent.decode, ...agent.storeDecode])
    .filter((form) => form.path.includes('{'))
    .map((form) => [form, compile(form.path)]),
)

function compile(path: string): Pattern {
  const order = [...path.matchAll(/\{(id|code)\}/g)].map((match) => match[1])
  const source = path
    .replace(/[.*+?^$()|[\]\\]/g, String.raw`\$&`)
    .replace('{id}', '([a-z0-9]{1,40})')
    .replace('{code}', '([a-z0-9_]{1,20})')
  return { expression: new RegExp(`^${source}$`), idAt: order.indexOf('id') + 1, codeAt: order.indexOf('code') + 1 }
}

/** A language, a kind of device, or both in either order. */
const PREFIXES = /^(?:\/(?:m|pc|h5|[a-z]{2}(?:[-_][a-z0-9]{2,4}){0,2})(?=\/|$)){1,2}/

/** A path as forms are written: decoded, in lower case, without prefixes, `.html` and trailing slash. */
export function plainPath(path: string): string {
  const lower = trimMarks(decode(path)).toLowerCase()
  const bare = lower.replace(PREFIXES, '').replace(/\.html?$/, '')
  return bare.length > 1 && bare.endsWith('/') ? bare.slice(0, -1) : bare || '/'
}

/** The first form that the address has, or null. A path that fits but lacks its id parameter is not a match. */
export function matchForm(
  forms: readonly Form[],
  codes: Readonly<Record<string, Marketplace>>,
  path: string,
  params: readonly Param[],
): FormMatch | null {
  for (const form of forms) {
    const pattern = PATTERNS.get(form)
    const match = pattern ? matchPattern(form, pattern, codes, path, params) : matchQuery(form, codes, path, params)
    if (match) return match
  }
  return null
}

function matchPattern(
  form: Form,
  pattern: Pattern,
  codes: Readonly<Record<string, Marketplace>>,
  path: string,
  params: readonly Param[],
): FormMatch | null {
  const parts = pattern.expression.exec(path)
  if (!parts) return null
  const id = pattern.idAt ? parts[pattern.idAt]! : null
  if (pattern.codeAt) return { form, id, marketplace: readCode(codes, parts[pattern.codeAt]!), twice: false }
  const code = findCode(form, codes, params)
  return { form, id, marketplace: code ? code.marketplace : (form.marketplace ?? null), twice: code?.twice ?? false }
}

function matchQuery(
  form: Form,
  codes: Readonly<Record<string, Marketplace>>,
  path: string,
  params: readonly Param[],
): FormMatch | null {
  if (path !== form.path) return null
  if (form.token) {
    return findParam(params, [form.token]) ? { form, id: null, marketplace: null, twice: false } : null
  }
  if (form.named) return matchNamed(form, params)
  const id = form.id ? findParam(params, form.id) : null
  if (!id) return null
  const code = findCode(form, codes, params)
  const marketplace = code ? code.marketplace : (form.marketplace ?? null)
  return { form, id: id.value, marketplace, twice: id.twice || (code?.twice ?? false) }
}

function matchNamed(form: Form, params: readonly Param[]): FormMatch | null {
  let match: FormMatch | null = null
  for (const param of params) {
    const marketplace = WORDS.get(param.name)
    if (!marketplace || param.value === '') continue
    const id = trimMarks(decode(param.value))
    if (match === null) match = { form, id, marketplace, twice: false }
    else if (id !== match.id || family(marketplace) !== family(match.marketplace!)) match.twice = true
    else if (marketplace === 'tmall') match.marketplace = marketplace
  }
  return match
}
