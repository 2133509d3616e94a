import assert from 'node:assert/strict'
import { chmodSync, lstatSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import test from 'node:test'
import { isAlive } from '../../../src/lib/db/postmaster.ts'
import { gone, isRoot, nobody, scratch, serverPid, startMember, whyNotRunnable } from './members.ts'

test('the first start makes a cluster, the last to leave stops it, a later start has the rows', async (t) => {
  const dataDir = join(scratch(t), 'data')
  const first = startMember(dataDir)
  const { joined, startMs } = await first.joined()
  t.diagnostic(`first start ${startMs} ms`)
  assert.ok(startMs < 10_000)
  assert.equal(statSync(joined.host).mode & 0o777, 0o700)
  assert.deepEqual(
    await first.sql(
      `select current_setting('listen_addresses') as tcp, current_setting('fsync') as fsync,
         current_setting('server_encoding') as encoding, current_setting('data_checksums') as checksums,
         datlocprovider as provider, datlocale as locale, current_user as role, datname as name
       from pg_database where datname = current_database()`.replaceAll('\n', ' '),
    ),
    {
      rows: [
        {
          tcp: '',
          fsync: 'on',
          encoding: 'UTF8',
          checksums: 'on',
          provider: 'b',
          locale: 'C.UTF-8',
          role: 'openhaul',
          name: 'openhaul',
        },
      ],
    },
  )
  await first.sql('create table kept (n int)')
  await first.sql('insert into kept values (7)')
  const pid = serverPid(dataDir)!
  await first.leave()
  assert.equal(isAlive(pid), false)

  const later = startMember(dataDir)
  t.diagnostic(`later start ${(await later.joined()).startMs} ms`)
  assert.deepEqual(await later.sql('select n from kept'), { rows: [{ n: 7 }] })
  await later.leave()
  assert.equal(serverPid(dataDir), null)
})

test('processes share one server, whoever leaves first', async (t) => {
  const dataDir = join(scratch(t), 'data')
  const first = startMember(dataDir)
  await first.joined()
  const pid = serverPid(dataDir)!
  const second = startMember(dataDir)
  await second.joined()
  assert.equal(serverPid(dataDir), pid)
  await first.leave()
  assert.deepEqual(await second.sql('select 1 as one'), { rows: [{ one: 1 }] })
  await second.leave()
  assert.equal(isAlive(pid), false)
})

test('three processes that start together on an empty folder all work, and leave nothing', async (t) => {
  const dataDir = join(scratch(t), 'data')
  const members = [1, 2, 3].map(() => startMember(dataDir))
  const hosts = await Promise.all(members.map(async (member) => (await member.joined()).joined.host))
  assert.deepEqual(new Set(hosts).size, 1)
  for (const member of members) assert.deepEqual(await member.sql('select 1 as one'), { rows: [{ one: 1 }] })
  await Promise.all(members.map((member) => member.leave()))
  assert.equal(serverPid(dataDir), null)
  assert.deepEqual(readdirSync(dataDir).sort(), ['postgres', 'postgres-start.log'])
})

test('processes that come and go at random always get a server', async (t) => {
  const dataDir = join(scratch(t), 'data')
  await Promise.all(
    [0, 1, 2].map(async () => {
      for (let turn = 0; turn < 4; turn++) {
        const member = startMember(dataDir)
        await member.joined()
        assert.deepEqual(await member.sql('select 1 as one'), { rows: [{ one: 1 }] })
        await member.leave()
      }
    }),
  )
  assert.equal(serverPid(dataDir), null)
})

test('after kill -9 of the process its server lives on and is adopted', async (t) => {
  const dataDir = join(scratch(t), 'data')
  const killed = startMember(dataDir)
  await killed.joined()
  await killed.sql('create table kept (n int)')
  const pid = serverPid(dataDir)!
  await killed.kill()
  assert.equal(isAlive(pid), true)

  const next = startMember(dataDir)
  const { startMs } = await next.joined()
  t.diagnostic(`adopted in ${startMs} ms`)
  assert.equal(serverPid(dataDir), pid)
  assert.deepEqual(await next.sql('select n from kept'), { rows: [] })
  await next.leave()
  assert.equal(isAlive(pid), false)
})

test('after kill -9 of the process and its server the next start is clean', async (t) => {
  const dataDir = join(scratch(t), 'data')
  const killed = startMember(dataDir)
  await killed.joined()
  await killed.sql('create table kept as select 5 as n')
  process.kill(serverPid(dataDir)!, 'SIGKILL')
  await killed.kill()

  const next = startMember(dataDir)
  t.diagnostic(`started again in ${(await next.joined()).startMs} ms`)
  assert.deepEqual(await next.sql('select n from kept'), { rows: [{ n: 5 }] })
  await next.leave()
})

test('a server that dies under a living process is brought back', async (t) => {
  const dataDir = join(scratch(t), 'data')
  const member = startMember(dataDir)
  await member.joined()
  await member.sql('create table kept as select 5 as n')
  const pid = serverPid(dataDir)!
  process.kill(pid, 'SIGKILL')
  await gone(pid)
  let answer: object = {}
  for (let turn = 0; turn < 200 && !('rows' in answer); turn++) {
    answer = await member.sql('select n from kept')
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  assert.deepEqual(answer, { rows: [{ n: 5 }] })
  await member.leave()
  assert.equal(serverPid(dataDir), null)
})

test('the terminal cannot interrupt the server', { skip: process.platform !== 'linux' && 'needs /proc' }, async (t) => {
  const dataDir = join(scratch(t), 'data')
  const member = startMember(dataDir, { detached: true })
  await member.joined()
  // After the name in brackets: state, parent, group, session.
  const session = (pid: number) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ')[3]
  assert.notEqual(session(serverPid(dataDir)!), session(member.pid))
  await member.leave()
})

test('a number in postmaster.pid that now belongs to someone else does not stop the start', async (t) => {
  if (process.platform !== 'linux') return t.skip('needs /proc')
  const dataDir = join(scratch(t), 'data')
  const first = startMember(dataDir)
  const { joined } = await first.joined()
  const pidFile = join(dataDir, 'postgres', 'postmaster.pid')
  const text = readFileSync(pidFile, 'utf8')
  await first.leave()

  const owner = statSync(join(dataDir, 'postgres'))
  const whyNot = isRoot ? whyNotRunnable(owner) : null
  if (whyNot !== null) return t.skip(whyNot)
  const bystander = startMember(
    join(scratch(t, 0o777), 'data'),
    isRoot ? { account: { uid: owner.uid, gid: owner.gid } } : {},
  )
  await bystander.joined()
  const lie = text.replace(/^\d+/, String(bystander.pid))
  writeFileSync(pidFile, lie)

  writeFileSync(join(joined.host, '.s.PGSQL.5432.lock'), lie)
  const next = startMember(dataDir)
  await next.joined()
  assert.equal(isAlive(bystander.pid), true)
  await Promise.all([next.leave(), bystander.leave()])
})

test('a server whose data was removed under it is replaced', async (t) => {
  if (process.platform !== 'linux') return t.skip('needs /proc')
  const dataDir = join(scratch(t), 'data')
  const killed = startMember(dataDir)
  await killed.joined()
  await killed.kill()
  const pid = serverPid(dataDir)!
  rmSync(dataDir, { recursive: true, maxRetries: 20, retryDelay: 50 })
  const next = startMember(dataDir)
  await next.joined()
  assert.deepEqual(await next.sql(`select count(*)::int as tables from pg_tables where schemaname = 'public'`), {
    rows: [{ tables: 0 }],
  })
  assert.equal(isAlive(pid), false)
  await next.leave()
})

test('paths far longer than a socket may have', async (t) => {
  const folder = scratch(t)
  const dataDir = join(folder, 'deep-folder-name/'.repeat(14), 'data')
  const temporary = join(folder, 'temporary-folder/'.repeat(6))
  mkdirSync(temporary, { recursive: true })
  assert.ok(dataDir.length > 200 && temporary.length > 100)
  const member = startMember(dataDir, { temporary })
  const { joined } = await member.joined()
  assert.equal(dirname(joined.host), '/tmp')
  await member.leave()
})

test('a process with another TMPDIR finds the running server', async (t) => {
  const folder = scratch(t)
  const dataDir = join(folder, 'data')
  mkdirSync(join(folder, 'tmp'))
  chmodSync(join(folder, 'tmp'), 0o1777)
  const first = startMember(dataDir, { temporary: join(folder, 'tmp') })
  const { joined } = await first.joined()
  assert.equal(dirname(joined.host), join(folder, 'tmp'))
  const second = startMember(dataDir)
  assert.equal((await second.joined()).joined.host, joined.host)
  await Promise.all([first.leave(), second.leave()])
})

test('a normal user runs the server as themselves, and root beside or after them keeps it so', async (t) => {
  if (!isRoot) return t.skip('needs root to become two users')
  const whyNot = whyNotRunnable(nobody())
  if (whyNot !== null) return t.skip(whyNot)
  const folder = scratch(t, 0o777)
  const dataDir = join(folder, 'data')
  const account = nobody()
  const member = startMember(dataDir, { account })
  await member.joined()
  assert.equal(lstatSync(join(dataDir, 'postgres')).uid, account.uid)
  const pid = serverPid(dataDir)!
  const root = startMember(dataDir)
  await root.joined()
  assert.equal(serverPid(dataDir), pid)
  await Promise.all([member.leave(), root.leave()])

  const alone = startMember(dataDir)
  await alone.joined()
  assert.equal(lstatSync(`/proc/${serverPid(dataDir)}`).uid, account.uid)
  await alone.leave()
})
