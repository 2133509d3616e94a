import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { startEmbedded } from '../../src/lib/db/embedded.ts'
import { findPostmaster } from '../../src/lib/db/postmaster.ts'
import { silentLog } from '../database.ts'
import type { Connection } from '../../src/lib/db/db.ts'

/** A program, what is done to it, and what must hold of its database after it was killed. */
export type Scenario<Ack> = {
  /** Arguments of node, and the environment besides ours. The program works on `dataDir` and can be started again. */
  program(dataDir: string): { args: string[]; env?: Record<string, string> }
  /**
   * Keeps the program busy from its start on, calling `acknowledge` for everything that the outside was told is done.
   * Called for each start; may end or throw once the program was killed.
   */
  drive(child: ChildProcess, acknowledge: (ack: Ack) => void): Promise<void>
  /**
   * Throws when something acknowledged is missing or something half done shows. Called beside the running program,
   * after each restart.
   */
  verify(connection: Connection, acknowledged: readonly Ack[]): Promise<void>
}

/** One life of the program. `toFirstAckMs` is from its start, recovery included. */
export type Life = { toFirstAckMs: number; acknowledged: number; end: 'node' | 'node and postmaster' | 'asked to stop' }

const FIRST_ACK_MS = 60_000
const WORK_MS_MAX = 700

/**
 * Starts the program, verifies what its former lives acknowledged, lets it work for a random while, and kills it (node
 * alone, node with its postmaster, in turn), `kills` times; then once more with a SIGTERM, after which nothing may run.
 * Rejects with the first loss.
 */
export async function killRepeatedly<Ack>(options: {
  scenario: Scenario<Ack>
  dataDir: string
  kills: number
  /** From 0 up to 1. */
  random: () => number
}): Promise<Life[]> {
  const { scenario, dataDir, kills } = options
  const acknowledged: Ack[] = []
  const lives: Life[] = []
  for (let life = 0; life <= kills; life++) {
    const end = life === kills ? 'asked to stop' : life % 2 === 0 ? 'node' : 'node and postmaster'
    const before = acknowledged.length
    const toFirstAckMs = await liveAndDie({ ...options, end, workMs: options.random() * WORK_MS_MAX }, acknowledged)
    lives.push({ toFirstAckMs, acknowledged: acknowledged.length - before, end })
  }
  if (findPostmaster(join(dataDir, 'postgres')))
    throw new Error('the database outlived a program that was asked to stop')
  await verify(scenario, dataDir, acknowledged)
  return lives
}

async function liveAndDie<Ack>(
  life: { scenario: Scenario<Ack>; dataDir: string; end: Life['end']; workMs: number },
  acknowledged: Ack[],
): Promise<number> {
  const { scenario, dataDir, end } = life
  const { args, env } = scenario.program(dataDir)
  const startedAtMs = performance.now()
  const child = spawn(process.execPath, args, { env: { ...process.env, ...env, DATA_DIR: dataDir } })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-4000)))
  const closed = once(child, 'close')

  const firstAck = Promise.withResolvers<void>()
  const former = [...acknowledged]
  const driven = scenario
    .drive(child, (ack) => {
      acknowledged.push(ack)
      firstAck.resolve()
    })
    .catch(() => {})
  const tooLate = AbortSignal.timeout(FIRST_ACK_MS)
  const dead = Promise.all([driven, closed]).then(() =>
    Promise.reject(new Error(`the program ended by itself: ${said}`)),
  )
  const late = once(tooLate, 'abort').then(() => Promise.reject(new Error(`nothing was acknowledged: ${said}`)))
  try {
    await Promise.race([firstAck.promise, dead, late])
    const toFirstAckMs = Math.round(performance.now() - startedAtMs)
    await verify(scenario, dataDir, former)
    await Promise.race([delay(life.workMs), dead])
    return toFirstAckMs
  } finally {
    dead.catch(() => {})
    late.catch(() => {})
    kill(child, dataDir, end)
    await closed
    await driven
  }
}

function kill(child: ChildProcess, dataDir: string, end: Life['end']): void {
  if (end === 'asked to stop') return void child.kill('SIGTERM')
  const server = end === 'node' ? null : findPostmaster(join(dataDir, 'postgres'))
  child.kill('SIGKILL')
  if (server) process.kill(server.pid, 'SIGKILL')
}

async function verify<Ack>(scenario: Scenario<Ack>, dataDir: string, acknowledged: readonly Ack[]): Promise<void> {
  const embedded = await startEmbedded({ dataDir, log: silentLog })
  try {
    await scenario.verify(embedded.connection, acknowledged)
  } finally {
    await embedded.leave()
  }
}

/** How many kills a run makes: `KILLS`, else five. */
export function killCount(): number {
  return Number(process.env['KILLS'] ?? 5)
}

/** Prints what the lives were like. */
export function lifeTable(lives: readonly Life[]): string {
  const line = ({ end, acknowledged, toFirstAckMs }: Life, index: number) =>
    `${String(index + 1).padStart(3)}  ${end.padEnd(19)} ${String(acknowledged).padStart(7)} acknowledged, the first after ${toFirstAckMs} ms`
  return lives.map(line).join('\n')
}
