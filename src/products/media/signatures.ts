import assert from 'node:assert/strict'
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Ctx } from '../../ctx.ts'
import type { Db } from '../../lib/db/db.ts'
import type { Random } from '../../lib/ids.ts'
import { secretFind, secretInsert } from './media.sql.ts'

const SECRET_BYTES = 32
const QUERY = /^expires=([1-9]\d{0,11})&signature=([A-Za-z0-9_-]{43})$/

/** A private picture's or thumbnail's path with what opens it from now on for `forSeconds`. */
export async function signedPath(
  ctx: Pick<Ctx, 'db' | 'clock' | 'random'>,
  path: string,
  { forSeconds }: { forSeconds: number },
): Promise<string> {
  assert.ok(Number.isSafeInteger(forSeconds) && forSeconds > 0, 'forSeconds must be a positive whole number')
  const expires = Math.floor(ctx.clock.now().getTime() / 1000) + forSeconds
  const signature = sign(await secretOf(ctx), path, expires)
  return `${path}?expires=${expires}&signature=${signature}`
}

/** Until when a path and the query that came with it open a private picture; null when they do not. */
export async function signedUntil(
  ctx: Pick<Ctx, 'db' | 'clock' | 'random'>,
  path: string,
  query: string,
): Promise<Date | null> {
  const match = QUERY.exec(query)
  if (!match) return null
  const expires = Number(match[1])
  if (expires * 1000 <= ctx.clock.now().getTime()) return null
  const expected = sign(await secretOf(ctx), path, expires)
  // As texts: several spellings stand for the same bytes.
  return timingSafeEqual(Buffer.from(match[2]!), Buffer.from(expected)) ? new Date(expires * 1000) : null
}

function sign(secret: Buffer, path: string, expires: number): string {
  return createHmac('sha256', secret).update(`${path}\n${expires}`).digest('base64url')
}

const secrets = new WeakMap<Db, Promise<Buffer>>()

/** The installation's secret, which never changes, so that it is read once. */
function secretOf({ db, random }: Pick<Ctx, 'db' | 'random'>): Promise<Buffer> {
  const known = secrets.get(db)
  if (known) return known
  const reading = ensureSecret(db, random)
  secrets.set(db, reading)
  reading.catch(() => secrets.delete(db))
  return reading
}

async function ensureSecret(db: Db, random: Random): Promise<Buffer> {
  const known = await secretFind(db)
  if (known) return known
  // Of several processes that come here at once, one keeps its own; all go on with that one.
  await secretInsert(db, random.bytes(SECRET_BYTES))
  return (await secretFind(db))!
}
