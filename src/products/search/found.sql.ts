import { sql } from 'kysely'
import type { Db } from '../../lib/db/db.ts'

/** The addresses of these pictures, by id; those that are gone are left out. */
export async function addressesOf(db: Db, pictureIds: readonly number[]): Promise<Map<number, string>> {
  const { rows } = await sql<{ id: number; address: string }>`
    select id, address from search_picture where id = any(${pictureIds}::bigint[])`.execute(db)
  return new Map(rows.map(({ id, address }) => [id, address]))
}
