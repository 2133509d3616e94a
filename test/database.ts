import { after } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import pino from 'pino'
import { openDb } from '../src/lib/db/db.ts'
import type { TestContext } from 'node:test'
import type { Connection } from '../src/lib/db/db.ts'
import type { Opened } from '../src/lib/db/db.ts'

export type TestDatabase = Pick<Opened, 'db' | 'pool'> & { connection: Connection }

/** How `test/global-setup.ts` tells the test files where its cluster is: JSON of `TestCluster`. */
export const CLUSTER_VARIABLE = 'OPENHAUL_TEST_CLUSTER'
/** How long the pool of a test is waited for. */
const CLOSE_MS = 10_000

export type TestCluster = { connection: Connection; template: string }

export const silentLog = pino({ level: 'silent' })

let shared: Promise<TestDatabase & Pick<Opened, 'close'>> | null = null
let clones = 0
// At the file's own level, where it runs after the last test; within a test it would belong to that test.
after(async () => {
  const database = await shared?.catch(() => null)
  if (database) await drop(database)
})

/**
 * A migrated database for this test file: a clone of the run's template, shared by the file's tests and dropped at its
 * end. With `own`, a clone for this one test.
 */
export async function testDatabase(
  t: Pick<TestContext, 'after'>,
  options: { own?: boolean } = {},
): Promise<TestDatabase> {
  if (!options.own) return (shared ??= clone())
  const database = await clone()
  t.after(() => drop(database))
  return database
}

/** An empty database, not even migrated, for one test. */
export async function emptyDatabase(t: Pick<TestContext, 'after'>): Promise<TestDatabase> {
  const database = await clone('template0')
  t.after(() => drop(database))
  return database
}

/** The run's cluster; its database `postgres` is for administration. */
export function testCluster(): TestCluster {
  const text = process.env[CLUSTER_VARIABLE]
  if (!text) throw new Error('no test database: run with --test-global-setup=test/global-setup.ts, as npm test does')
  return JSON.parse(text) as TestCluster
}

async function clone(template = testCluster().template): Promise<TestDatabase & Pick<Opened, 'close'>> {
  const database = `test_${process.pid}_${++clones}`
  await administer(`create database ${database} template ${template}`)
  const connection = { ...testCluster().connection, database }
  return { ...openDb(connection, { log: silentLog, exitWhenIdle: true }), connection }
}

/** A test that failed may have kept a connection; the whole run must not wait for it. */
async function drop(database: TestDatabase & Pick<Opened, 'close'>): Promise<void> {
  const isClosed = await Promise.race([database.close().then(() => true), delay(CLOSE_MS, false, { ref: false })])
  await administer(`drop database if exists ${database.connection.database} with (force)`)
  if (!isClosed) throw new Error('a connection was never given back')
}

async function administer(statement: string): Promise<void> {
  const client = new pg.Client({ ...testCluster().connection, database: 'postgres' })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
