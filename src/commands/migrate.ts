import { readConfig } from '../config.ts'
import { openDatabase } from '../ctx.ts'
import { MIGRATIONS } from '../lib/db/folder.ts'
import { migrate } from '../lib/db/migrate.ts'
import { openLog } from '../lib/log.ts'
import { print } from './print.ts'

export async function migrateCommand(options: { json?: boolean }): Promise<void> {
  const config = readConfig()
  const log = openLog(config.logLevel)
  const database = await openDatabase(config, log)
  try {
    const applied = await migrate(database.connection, MIGRATIONS, log)
    print(options, { applied }, applied.length === 0 ? 'The database is current.' : `Applied ${applied.join(', ')}.`)
  } finally {
    await database.leave()
  }
}
