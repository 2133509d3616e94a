import { sql } from 'kysely'
import type { Db } from '../../lib/db/db.ts'

type Tables = {
  source_token: {
    source: string
    seed_digest: string
    access_token: string
    refresh_token: string
    expires_at: Date | null
    version: number
    refreshing_until: Date | null
  }
}

/** `version` grows with every change of the tokens. `expiresAt` is null when the upstream never said. */
export type StoredToken = { accessToken: string; refreshToken: string; expiresAt: Date | null; version: number }

const COLUMNS = ['access_token', 'refresh_token', 'expires_at', 'version'] as const
type Row = Pick<Tables['source_token'], (typeof COLUMNS)[number]>

function toToken({ access_token, refresh_token, expires_at, version }: Row): StoredToken {
  return { accessToken: access_token, refreshToken: refresh_token, expiresAt: expires_at, version }
}

/**
 * Puts the operator's tokens in place: when there are none yet, and when the operator changed them, which `seedDigest`
 * tells. Tokens that grew out of the same seed stay.
 */
export async function sourceTokenSeed(
  db: Db,
  source: string,
  seed: { seedDigest: string; accessToken: string; refreshToken: string },
): Promise<void> {
  const tokens = { access_token: seed.accessToken, refresh_token: seed.refreshToken, expires_at: null }
  await db
    .withTables<Tables>()
    .insertInto('source_token')
    .values({ source, seed_digest: seed.seedDigest, ...tokens, version: 1, refreshing_until: null })
    .onConflict((conflict) =>
      conflict
        .column('source')
        .doUpdateSet({
          seed_digest: seed.seedDigest,
          ...tokens,
          version: sql<number>`source_token.version + 1`,
          refreshing_until: null,
        })
        .where('source_token.seed_digest', '<>', seed.seedDigest),
    )
    .execute()
}

/** The tokens of a source, or null before they were put in place. */
export async function sourceTokenBySource(db: Db, source: string): Promise<StoredToken | null> {
  const row = await db
    .withTables<Tables>()
    .selectFrom('source_token')
    .select(COLUMNS)
    .where('source', '=', source)
    .executeTakeFirst()
  return row ? toToken(row) : null
}

/**
 * Takes the right to refresh version `version` until `until`. False when the tokens have changed since, or when another
 * process holds the right.
 */
export async function sourceTokenClaim(
  db: Db,
  source: string,
  claim: { version: number; now: Date; until: Date },
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .withTables<Tables>()
    .updateTable('source_token')
    .set({ refreshing_until: claim.until })
    .where('source', '=', source)
    .where('version', '=', claim.version)
    .where((where) => where.or([where('refreshing_until', 'is', null), where('refreshing_until', '<=', claim.now)]))
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** Gives the right back without a change, after a refresh that failed. */
export async function sourceTokenRelease(db: Db, source: string, version: number): Promise<void> {
  await db
    .withTables<Tables>()
    .updateTable('source_token')
    .set({ refreshing_until: null })
    .where('source', '=', source)
    .where('version', '=', version)
    .execute()
}

/**
 * Stores renewed tokens in place of version `version`, and gives the right back. A null `refreshToken` keeps the one
 * that is stored. Returns null when the tokens have changed since.
 */
export async function sourceTokenRenew(
  db: Db,
  source: string,
  renewed: { version: number; accessToken: string; refreshToken: string | null; expiresAt: Date | null },
): Promise<StoredToken | null> {
  const row = await db
    .withTables<Tables>()
    .updateTable('source_token')
    .set({
      access_token: renewed.accessToken,
      ...(renewed.refreshToken === null ? {} : { refresh_token: renewed.refreshToken }),
      expires_at: renewed.expiresAt,
      version: renewed.version + 1,
      refreshing_until: null,
    })
    .where('source', '=', source)
    .where('version', '=', renewed.version)
    .returning(COLUMNS)
    .executeTakeFirst()
  return row ? toToken(row) : null
}
