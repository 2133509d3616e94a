// A process that takes units and adds a byte to a file for each, until it is killed. Started by lease-edges.test.ts.
import { openSync, writeSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import pino from 'pino'
import { openLeases } from '../../../src/access/limits/leases.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { openDb, type Connection } from '../../../src/lib/db/db.ts'

export type TakerInput = { connection: Connection; accountId: number; answers: string }

const { connection, accountId, answers } = JSON.parse(process.argv[2]!) as TakerInput
const log = pino({ level: 'silent' })
const { db } = openDb(connection, { log })
const leases = openLeases({ db, clock: systemClock, log })
const file = openSync(answers, 'a')

for (let taken = 1; ; taken++) {
  const answer = leases.take(accountId, [{ name: 'qc.month', bucket: 202611, limit: 10_000 }])
  if (answer !== true && !(await answer).granted) throw new Error('the pot is empty')
  // The system has it when this returns, whatever becomes of the process.
  writeSync(file, '.')
  if (taken % 20 === 0) await delay(1)
}
