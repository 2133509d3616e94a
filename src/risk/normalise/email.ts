import { domainToASCII } from 'node:url'
import { getDomain } from 'tldts'
import { cleanText } from './clean-text.ts'
import { DISPOSABLE_DOMAINS } from './disposable-domains.ts'
import { EMAIL_PROVIDERS } from './email-providers.ts'
import { drawnLike, maskedName, nearTexts } from './name-forms.ts'
import type { Key, Normalised } from './normalised.ts'

const LENGTH_MAX = 320

/** Dots stand anywhere: RFC 5322 forbids two in a row, yet Japan's mobile carriers gave out such addresses for years. */
const PLAIN_LOCAL = /^(?!\.+$)[^\s"(),:;<>@[\\\]\p{Cc}]+$/u
const QUOTED_LOCAL = /^"(?:[^"\\]|\\.)*"$/su
const LABEL = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/

/** Mailboxes of a function and not of a person: RFC 2142, and what came since. */
const ROLES = new Set(
  'abuse accounting accounts admin administrator all billing careers contact customerservice enquiries feedback finance ftp hello help helpdesk hostmaster hr info inquiries invoice invoices it jobs legal mail mailer-daemon marketing media news newsletter no-reply nobody noc noreply office operations order orders payments postmaster press privacy purchasing root sales security service shop spam staff support sysadmin team tech usenet uucp webmaster welcome www'.split(
    ' ',
  ),
)

const PROVIDER_OF = new Map(EMAIL_PROVIDERS.flatMap((provider) => provider.domains.map((domain) => [domain, provider])))

/** Domains may differ by a joiner alone (UTS #46), which is not seen. In ASCII, as `xn--…`, they are told apart. */
const JOINER_IN_DOMAIN = /[\u200c\u200d][^@＠﹫]*$/

type Address = { local: string; domain: string }

/**
 * An address of RFC 5321 and 6531, and nothing around it: no display name, no angle brackets, no address literal.
 *
 * - exact: NFKC, nothing unseen, lower case on both sides of the `@` (RFC 5321 lets a mailbox tell case apart, no provider in use
 *   does), the domain in ASCII (UTS #46) and without the root's dot.
 * - canonical: the same mailbox by its provider's rules, EMAIL_PROVIDERS; quotes that RFC 5321 4.1.2 calls needless are off. Domains
 *   are never corrected (gmial.com is a domain), and what a catch-all domain receives cannot be known. Normalised again, the key's text
 *   gives the same key.
 * - near: without a plus tag, whoever the provider is, and at Yahoo without what stands behind a dash; and NEAR_FORMS of the name, drawn
 *   in Latin letters and without that tag, at the registrable domain.
 *
 * Flags: `disposable` (DISPOSABLE_DOMAINS), `role` (info@, billing@), `idn` (a domain beyond ASCII).
 */
export function normaliseEmail(raw: string): Normalised {
  if (raw.length > LENGTH_MAX)
    return { kind: 'unfit', why: `Send an e-mail address of at most ${LENGTH_MAX} characters.` }
  if (JOINER_IN_DOMAIN.test(raw))
    return {
      kind: 'unfit',
      why: 'Send the domain in ASCII, as xn--…: it has a joiner (U+200C, U+200D), which is not seen.',
    }
  const sent = parseAddress(cleanText(raw).toLowerCase().normalize('NFC'))
  if (!sent)
    return { kind: 'unfit', why: 'Send one e-mail address alone, such as name@example.com, without a display name.' }

  const mailbox = canonicalMailbox(sent)
  const keys: Key[] = [
    { form: 'exact', text: `exact/${sent.local}@${sent.domain}` },
    { form: 'canonical', text: `canonical/${mailbox.local}@${mailbox.domain}` },
    ...nearEmails(mailbox).map((text) => ({ form: 'near', text }) as const),
  ]
  const dot = sent.domain.lastIndexOf('.')
  const hint = `${maskedName(sent.local)}@${maskedName(sent.domain.slice(0, dot))}${sent.domain.slice(dot)}`
  return { kind: 'fit', keys, hint, flags: flagsOf(mailbox) }
}

/** The last `@` parts the two: a quoted name may hold others. */
function parseAddress(text: string): Address | null {
  const at = text.lastIndexOf('@')
  const local = text.slice(0, at)
  const domain = asciiDomain(text.slice(at + 1))
  if (at < 1 || domain === null) return null
  return PLAIN_LOCAL.test(local) || QUOTED_LOCAL.test(local) ? { local, domain } : null
}

/** Null if it is no name of a domain that mail can be sent to. */
function asciiDomain(text: string): string | null {
  // The URL parser that does the conversion would also unescape, cut and read numbers, so that only plain names may come to it.
  if (/[\0-,/:-@[-`{-\x7f]/.test(text)) return null
  const domain = domainToASCII(text).replace(/\.$/, '')
  const labels = domain.split('.')
  const isName = labels.length > 1 && domain.length <= 253 && labels.every((label) => LABEL.test(label))
  return isName && !/^\d+$/.test(labels.at(-1)!) ? domain : null
}

function canonicalMailbox(sent: Address): Address {
  const { local, domain } = fromSubdomain({ local: unquoted(sent.local), domain: sent.domain })
  const provider = PROVIDER_OF.get(domain)
  if (!provider || local.startsWith('"')) return { local, domain }

  const dotted = provider.dots ? local.replaceAll('.', provider.dots === 'hyphens' ? '-' : '') : local
  return {
    // Without a dot between them, a letter and a mark may be one letter.
    local: (provider.plusTags ? withoutTag(dotted, '+') : dotted).normalize('NFC'),
    domain: provider.oneMailbox ? provider.domains[0]! : domain,
  }
}

function fromSubdomain({ local, domain }: Address): Address {
  const dot = domain.indexOf('.')
  const parent = domain.slice(dot + 1)
  return PROVIDER_OF.get(parent)?.nameAsSubdomain ? { local: domain.slice(0, dot), domain: parent } : { local, domain }
}

function unquoted(local: string): string {
  const inside = local.slice(1, -1)
  return local.startsWith('"') && PLAIN_LOCAL.test(inside) ? inside : local
}

/** What is quoted has no tag, nor has what would be no name without it. */
function withoutTag(local: string, sign: '+' | '-'): string {
  const start = local.startsWith('"') ? -1 : local.indexOf(sign)
  const name = local.slice(0, Math.max(0, start))
  return PLAIN_LOCAL.test(name) ? name : local
}

function nearEmails({ local, domain }: Address): string[] {
  const unplussed = withoutTag(local, '+')
  const name = PROVIDER_OF.get(domain)?.dashTags ? withoutTag(unplussed, '-') : unplussed
  const registrable = getDomain(domain, { allowPrivateDomains: true }) ?? domain
  const scoped = (text: string) => `${text}@${registrable}`
  return [`untagged/${name}@${domain}`, ...drawnLike(name).flatMap((drawn) => nearTexts(drawn, scoped))]
}

function flagsOf({ local, domain }: Address): string[] {
  const labels = domain.split('.')
  const parents = labels.map((_, start) => labels.slice(start).join('.'))
  const flags = {
    disposable: parents.some((parent) => DISPOSABLE_DOMAINS.has(parent)),
    role: ROLES.has(withoutTag(local, '+')),
    idn: labels.some((label) => label.startsWith('xn--')),
  }
  return Object.entries(flags).flatMap(([flag, holds]) => (holds ? [flag] : []))
}
