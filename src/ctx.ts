import type { Config } from './config.ts'
import type { Blobs } from './lib/blobs.ts'
import type { Clock } from './lib/clock.ts'
import type { Connection, Db } from './lib/db/db.ts'
import type { Http } from './lib/http.ts'
import type { Log } from './lib/log.ts'
import type { Random } from './lib/ids.ts'
import type { Source } from './products/sources/source.ts'

/** Everything that the code may touch of the outside world. Tests replace single members. */
export type Ctx = {
  config: Config
  clock: Clock
  random: Random
  db: Db
  connection: Connection
  http: Http
  blobs: Blobs
  log: Log
  sources: Source[]
  /** Where answers tell callers to find us: PUBLIC_URL, else the address listened on. */
  publicUrl: string
}
