import { findParam } from './address.ts'
import type { Param } from './address.ts'
import { AGENTS } from './agents.ts'
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

const LANGUAGE = /^\/(?:m|pc|[a-z]{2}(?:[-_][a-z]{2,4})?)(?=\/)/

/** A path as forms are written: in lower case, without language or device prefix, `.html` and trailing slash. */
export function plainPath(path: string): string {
  const lower = path.toLowerCase()
  const bare = lower.replace(LANGUAGE, '').replace(/\.html?$/, '')
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
  const code = form.code ? findParam(params, form.code) : null
  const marketplace = code ? readCode(codes, code.value) : (form.marketplace ?? null)
  return { form, id, marketplace, twice: code?.twice ?? false }
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
  const code = form.code ? findParam(params, form.code) : null
  const marketplace = code ? readCode(codes, code.value) : (form.marketplace ?? null)
  return { form, id: id.value, marketplace, twice: id.twice || (code?.twice ?? false) }
}

function matchNamed(form: Form, params: readonly Param[]): FormMatch | null {
  for (const param of params) {
    const marketplace = WORDS.get(param.name)
    if (marketplace) {
      const found = findParam(params, [param.name])
      if (found) return { form, id: found.value, marketplace, twice: found.twice }
    }
  }
  return null
}
