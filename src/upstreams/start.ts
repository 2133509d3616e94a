import { systemRandom } from '../lib/ids.ts'
import { alibaba1688Server } from './alibaba1688.ts'
import { mintToken } from './bearer.ts'
import { SERVICES, newControl } from './control.ts'
import { listen } from './listen.ts'
import { oneboundServer } from './onebound.ts'
import { taobaoGlobalServer } from './taobaoglobal.ts'
import { translateServer } from './translate.ts'
import type { Clock } from '../lib/clock.ts'
import type { Random } from '../lib/ids.ts'
import type { Control, ServiceName } from './control.ts'
import type { Listening } from './listen.ts'

/** The first of four ports in a row, unless another is asked for. */
export const DEFAULT_PORT = 8190

const ONEBOUND = { key: 'local-key', secret: 'local-secret', dailyCalls: 30_000 }
const ALIBABA1688 = { appKey: '1000001', appSecret: 'local-1688-secret', refreshToken: 'local-1688-refresh' }
const TAOBAOGLOBAL = { appKey: '500001', appSecret: 'local-global-secret', refreshToken: 'local-global-refresh' }
const TRANSLATE_KEY = 'local-translate-key'
const FIRST_TOKEN_MS = 36_000_000

export type Upstreams = {
  urls: Record<ServiceName, string>
  /** The environment that makes a server of ours use them. */
  env: Record<string, string>
  /** Switches and counters of each server, to be set in process. `POST /_control` on its port does the same. */
  controls: Record<ServiceName, Control>
  /** How often a listing was asked for, over all servers. */
  callsFor(listingId: string): number
  stop(): Promise<void>
}

/**
 * Starts local servers that speak the upstream protocols over HTTP, from an invented catalogue: ids of 6 to 19 digits
 * exist in every marketplace, except those that end in 404. `port` is the first of four; 0 picks free ones. Rejects
 * with EADDRINUSE when a port is taken.
 */
export async function startUpstreams({
  host = '127.0.0.1',
  port = DEFAULT_PORT,
  clock,
  random = systemRandom,
}: {
  host?: string
  port?: number
  clock: Clock
  random?: Random
}): Promise<Upstreams> {
  const controls = Object.fromEntries(SERVICES.map((name) => [name, newControl()])) as Record<ServiceName, Control>
  const handlers = {
    onebound: oneboundServer(ONEBOUND, controls.onebound, random),
    alibaba1688: alibaba1688Server(ALIBABA1688, controls.alibaba1688, clock, random),
    taobaoglobal: taobaoGlobalServer(TAOBAOGLOBAL, controls.taobaoglobal, clock, random),
    translate: translateServer(TRANSLATE_KEY, controls.translate),
  }
  const listening: Partial<Record<ServiceName, Listening>> = {}
  const stop = async () => {
    await Promise.all(Object.values(listening).map((each) => each.stop()))
  }
  try {
    for (const [at, name] of SERVICES.entries()) {
      listening[name] = await listen({ host, port: port === 0 ? 0 : port + at }, controls[name], handlers[name])
    }
  } catch (error) {
    await stop()
    throw error
  }
  const urls = Object.fromEntries(SERVICES.map((name) => [name, listening[name]!.url])) as Record<ServiceName, string>
  const callsFor = (listingId: string) =>
    Object.values(controls).reduce((sum, { calls }) => sum + countOf(calls, listingId), 0)
  return { urls, env: environment(urls, clock), controls, callsFor, stop }
}

function countOf(calls: ReadonlyMap<string, number>, listingId: string): number {
  return [...calls].reduce((sum, [name, count]) => (name.split('/')[1] === listingId ? sum + count : sum), 0)
}

function environment(urls: Record<ServiceName, string>, clock: Clock): Record<string, string> {
  const endsAt = new Date(clock.now().getTime() + FIRST_TOKEN_MS)
  return {
    SOURCES: 'onebound,alibaba1688,taobaoglobal',
    ONEBOUND_URL: urls.onebound,
    ONEBOUND_KEY: ONEBOUND.key,
    ONEBOUND_SECRET: ONEBOUND.secret,
    ALIBABA1688_URL: urls.alibaba1688,
    ALIBABA1688_APP_KEY: ALIBABA1688.appKey,
    ALIBABA1688_APP_SECRET: ALIBABA1688.appSecret,
    ALIBABA1688_ACCESS_TOKEN: mintToken(ALIBABA1688.appSecret, endsAt),
    ALIBABA1688_REFRESH_TOKEN: ALIBABA1688.refreshToken,
    TAOBAOGLOBAL_URL: urls.taobaoglobal,
    TAOBAOGLOBAL_APP_KEY: TAOBAOGLOBAL.appKey,
    TAOBAOGLOBAL_APP_SECRET: TAOBAOGLOBAL.appSecret,
    TAOBAOGLOBAL_ACCESS_TOKEN: mintToken(TAOBAOGLOBAL.appSecret, endsAt),
    TAOBAOGLOBAL_REFRESH_TOKEN: TAOBAOGLOBAL.refreshToken,
    TRANSLATE_URL: urls.translate,
    TRANSLATE_KEY,
  }
}
