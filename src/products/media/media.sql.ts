import { sql } from 'kysely'
import type { Db } from '../../lib/db/db.ts'

export async function secretFind(db: Db): Promise<Buffer | null> {
  const { rows } = await sql<{ secret: Buffer }>`select secret from media_secret`.execute(db)
  return rows[0]?.secret ?? null
}

/** Keeps the secret unless there is one already. */
export async function secretInsert(db: Db, secret: Buffer): Promise<void> {
  await sql`insert into media_secret (secret) values (${secret}) on conflict do nothing`.execute(db)
}
