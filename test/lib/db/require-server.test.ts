import assert from 'node:assert/strict'
import test from 'node:test'
import { requireServer } from '../../../src/lib/db/require-server.ts'
import { OperatorError } from '../../../src/lib/errors.ts'
import { testCluster, testDatabase } from '../../database.ts'
import { freePort, serverDouble } from './server-double.ts'

test('a server that answers is let be, over a socket too', async (t) => {
  const { connection } = await testDatabase(t)
  await requireServer(connection)
  const { host, port, user, database } = connection
  await requireServer({ connectionString: `postgres://${user}@/${database}?host=${host}&port=${port}` })
})

test('an address that leads nowhere is told in one line without its password', async (t) => {
  const closed = await freePort()
  const silent = await serverDouble(t, 'silence')
  const wrongPassword = await serverDouble(t, { code: '28P01', message: 'password authentication failed for user "u"' })
  const full = await serverDouble(t, { code: '53300', message: 'sorry, too many clients already' })
  const { host, port } = testCluster().connection
  const cases: { url: string; says: string }[] = [
    {
      url: `postgres://u:secret@127.0.0.1:${closed}/d`,
      says: `no PostgreSQL answers at 127.0.0.1:${closed} (ECONNREFUSED); start it, or correct the address.`,
    },
    {
      url: `postgres://u:secret@[::1]:${closed}/d`,
      says: `no PostgreSQL answers at [::1]:${closed} (ECONNREFUSED); start it, or correct the address.`,
    },
    {
      url: `postgres://u:secret@localhost:${closed}/d`,
      says: `no PostgreSQL answers at localhost:${closed} (ECONNREFUSED); start it, or correct the address.`,
    },
    {
      url: 'postgres://u:secret@/d?host=/nowhere',
      says: 'no PostgreSQL answers at /nowhere/.s.PGSQL.5432 (ENOENT); start it, or correct the address.',
    },
    {
      url: `postgres://u:secret@127.0.0.1:${silent}/d`,
      says: `no PostgreSQL answers at 127.0.0.1:${silent} (no answer in time); correct the address.`,
    },
    {
      url: `postgres://u:secret@127.0.0.1:${wrongPassword}/d`,
      says: `the server refuses the connection at 127.0.0.1:${wrongPassword}: password authentication failed for user "u".`,
    },
    {
      url: `postgres://u:secret@127.0.0.1:${full}/d`,
      says: `the server refuses the connection at 127.0.0.1:${full}: sorry, too many clients already.`,
    },
    {
      url: `postgres://openhaul@/nothing_here?host=${host}&port=${port}`,
      says: `the server refuses the connection at ${host}/.s.PGSQL.${port}: database "nothing_here" does not exist.`,
    },
    {
      url: `postgres://stranger@/postgres?host=${host}&port=${port}`,
      says: `the server refuses the connection at ${host}/.s.PGSQL.${port}: role "stranger" does not exist.`,
    },
  ]
  await Promise.all(
    cases.map(({ url, says }) =>
      assert.rejects(requireServer({ connectionString: url }), new OperatorError(`DATABASE_URL: ${says}`)),
    ),
  )
})

test('an address that cannot be read is told so', async () => {
  const unreadable = ['postgres://u:secret@h:port/d', 'postgres://u:secret@h/d?sslrootcert=/nowhere']
  for (const connectionString of unreadable) {
    await assert.rejects(requireServer({ connectionString }), (error: unknown) => {
      assert.ok(error instanceof OperatorError, String(error))
      assert.match(error.message, /^DATABASE_URL is not readable as the address of a database: [a-z ]+\.$/)
      return true
    })
  }
})
