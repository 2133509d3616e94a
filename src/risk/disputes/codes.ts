import { createHash } from 'node:crypto'
import type { Ctx } from '../../ctx.ts'
import type { Tx } from '../../lib/db/db.ts'
import { DomainError } from '../../lib/errors.ts'
import { randomText } from '../../lib/ids.ts'
import type { Message } from '../../lib/messenger.ts'
import { digestsOf, subjectOf } from '../keys/ring.ts'
import { findSubject } from '../list/entries.ts'
import { writingKeys } from '../list/generations.ts'
import { normalise } from '../normalise/normalise.ts'
import { codeFilling, codeInsert, codeLock, codeTakeToken, codeUse, type CodeLimit, type Counted } from './codes.sql.ts'

/** What a code can be sent to. */
export const REACHABLE = ['email', 'phone'] as const
export type Reachable = { type: (typeof REACHABLE)[number]; value: string; region?: string }

export type CodeCtx = Pick<Ctx, 'db' | 'clock' | 'random' | 'riskKeys'>

const HOUR_MS = 3_600_000
const CODE_MS = 15 * 60_000
const TOKEN_MS = 30 * 60_000

/** I, L and O are misread, and U makes words. */
const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
/** Too many codes to guess one, so that tries need not be counted: anybody could use up another's. */
const CODE_LENGTH = 8

const LIMITS: Readonly<Record<Counted, CodeLimit>> = {
  mailbox: { max: 3, windowMs: HOUR_MS },
  caller: { max: 10, windowMs: HOUR_MS },
  all: { max: 1_000, windowMs: 24 * HOUR_MS },
}

/** Those of satellites and international services, which belong to no country. */
const NO_COUNTRY = /^\+(?:870|878|88[1238]|979)/
/** What costs whoever sends to it, and what nobody has. */
const NOT_SENT_TO = new Set(['premium_rate', 'shared_cost', 'unassigned'])

/**
 * Sends a code that proves whose an address or a number is, whether or not it is listed. `caller` says who asks, as limits per
 * address count him. Throws `input_invalid` for what is neither or is not sent to, `rate_limited` with `retryAfterSeconds` for
 * a fourth code to a mailbox or number and an eleventh for a caller within an hour, and `busy` when a thousand were sent within
 * a day and when the sender fails.
 */
export async function requestCode(
  ctx: CodeCtx & Pick<Ctx, 'messenger' | 'log'>,
  asked: Reachable,
  caller: string,
): Promise<void> {
  const { messenger } = ctx
  if (!messenger) {
    throw new DomainError('busy', 'No codes are sent here; write to whoever runs this service.')
  }
  const reached = readReachable(asked)
  const code = Array.from({ length: CODE_LENGTH }, () => LETTERS[ctx.random.below(LETTERS.length)]).join('')
  await ctx.db.transaction().execute((tx) => keepCode(ctx, tx, { ...reached, caller, code }))
  const channel = asked.type === 'email' ? 'email' : 'sms'
  await messenger.send({ channel, to: reached.to, text: wordsOf(code, channel) }).catch((error: Error) => {
    // The code stays and counts: a sender that answers too late has sent it.
    ctx.log.warn({ reason: error.message }, `A code may not have been sent: ${error.message}`)
    const told = 'It is not certain that the code was sent; wait a minute for it before you ask for another one.'
    throw new DomainError('busy', told, { retryAfterSeconds: 60 })
  })
}

async function keepCode(
  ctx: CodeCtx,
  tx: Tx,
  { text, mailbox, caller, code }: Reached & { caller: string; code: string },
): Promise<void> {
  const { ring } = await writingKeys(ctx, tx)
  const digests = digestsOf(ring, `code to\0${mailbox}`)
  const callers = digestsOf(ring, `code for\0${caller}`)
  await codeLock(tx)
  const at = ctx.clock.now()
  assertRoom(await codeFilling(tx, { digests, callers, at }, LIMITS), at)
  await codeInsert(tx, {
    digest: digests.at(-1)!,
    caller_digest: callers.at(-1)!,
    code_digest: digestsOf(ring, codeText(text, code)).at(-1)!,
    sent_at: at,
    ends_at: new Date(at.getTime() + CODE_MS),
  })
}

function assertRoom({ mailbox, caller, all }: Record<Counted, Date | null>, now: Date): void {
  const often = (sentAt: Date, told: string) => {
    const retryAfterSeconds = Math.ceil((sentAt.getTime() + HOUR_MS - now.getTime()) / 1000)
    return new DomainError('rate_limited', told, { retryAfterSeconds })
  }
  const most = (limit: CodeLimit) => `At most ${limit.max} codes are sent within an hour`
  if (mailbox) throw often(mailbox, `${most(LIMITS.mailbox)}; use the last one, or try again later.`)
  if (caller) throw often(caller, `${most(LIMITS.caller)} to those who ask from one network; try again later.`)
  if (all) throw new DomainError('busy', 'No more codes are sent today; write to whoever runs this service.')
}

/**
 * Takes a code for a token, in the caller's transaction. It stands for `subject`: whose address or number it is, or null when nothing
 * is listed. Throws `input_invalid` for a code that is wrong, over or used.
 */
export async function useCode(
  ctx: CodeCtx,
  tx: Tx,
  asked: Reachable & { code: string },
): Promise<{ subject: number | null; token: string; endsAt: Date }> {
  const { text } = readReachable(asked)
  const { ring } = await writingKeys(ctx, tx)
  const at = ctx.clock.now()
  const token = randomText(ctx.random, 32)
  const endsAt = new Date(at.getTime() + TOKEN_MS)
  const written = asked.code.replaceAll(/[\s-]/g, '').toUpperCase()
  const digests = digestsOf(ring, codeText(text, written))
  const subject = await findSubject(ctx, tx, text)
  if (!(await codeUse(tx, { digests, at }, { digest: tokenDigest(token), endsAt, subject }))) {
    throw new DomainError('input_invalid', 'The code is wrong, or works no longer; ask for another one.')
  }
  return { subject, token, endsAt }
}

/** Takes a token, once, for whom it stands for; that is null when nothing was listed. Throws `input_invalid` for one that is none. */
export async function takeToken({ clock }: Pick<Ctx, 'clock'>, tx: Tx, token: string): Promise<number | null> {
  const taken = await codeTakeToken(tx, tokenDigest(token), clock.now())
  if (!taken) throw new DomainError('input_invalid', 'This token is none, or has ended; ask for another code.')
  return taken.subject
}

/** Who is meant, where codes to him are counted, and where they reach him: as it was normalised, never as it was sent. */
type Reached = { text: string; mailbox: string; to: string }

function readReachable({ type, value, region = '' }: Reachable): Reached {
  const normalised = normalise(type, value, { region: region || null, allowDocumentation: false })
  if (normalised.kind === 'unfit') throw new DomainError('input_invalid', normalised.why)
  const { keys, flags } = normalised
  const { text } = subjectOf(type, keys)
  const keyed = (start: string) => keys.find((key) => key.text.startsWith(start))!.text.slice(start.length)
  if (type === 'email') {
    // Most providers drop a tag, and those who do not cannot be told from them. What has to be quoted can be written in many
    // ways and is nearly nobody's, so that a domain's count as one.
    const mailbox = keyed('untagged/').replace(/^".*(?=@)/s, '"')
    const to = keyed('exact/')
    // Apart, or whoever asks for codes to tags would use up those of the address without one.
    return { text, mailbox: /^[^@]+\+/.test(to) ? `tagged ${mailbox}` : mailbox, to }
  }

  // Without an extension, which no message reaches.
  const to = keyed('canonical/')
  if (NO_COUNTRY.test(to) || flags.some((flag) => NOT_SENT_TO.has(flag))) {
    throw new DomainError(
      'input_invalid',
      'No codes are sent to numbers of this kind; write to whoever runs this service.',
    )
  }
  return { text, mailbox: to, to }
}

function codeText(text: string, code: string): string {
  return `code\0${text}\0${code}`
}

/** Drawn at random and long, so that a plain digest is enough. */
function tokenDigest(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

function wordsOf(code: string, channel: Message['channel']): string {
  const what = channel === 'email' ? 'e-mail address' : 'phone number'
  return `${code} is your code to see what the risk list holds about this ${what}. It works for 15 minutes. If you did not ask for it, ignore this message and tell nobody.`
}
