import { createAccount, type Account } from '../../../src/access/accounts/accounts.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import type { Db } from '../../../src/lib/db/db.ts'

let count = 0

/** A new account, for tests of what lies below the application. */
export async function newAccount(db: Db): Promise<Account> {
  return createAccount({ db, clock: systemClock }, `new ${process.pid} ${++count}`)
}
