import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { OperatorError } from './lib/errors.ts'

export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const
export const SOURCE_NAMES = ['feed', 'onebound', 'alibaba1688', 'taobaoglobal'] as const
export type SourceName = (typeof SOURCE_NAMES)[number]

export type Config = {
  host: string
  /** 0 picks a free one. */
  port: number
  /** Where `/metrics` listens, on `host`; null switches it off. */
  metricsPort: number | null
  dataDir: string
  /** null: the embedded PostgreSQL in `dataDir`. */
  databaseUrl: string | null
  valkeyUrl: string | null
  /** Without a trailing slash; null: the address listened on. */
  publicUrl: string | null
  /** Proxies whose X-Forwarded-For is believed: none, or addresses and networks. */
  trustProxy: string[]
  logLevel: (typeof LOG_LEVELS)[number]
  demo: boolean
  /** In the order they are asked. `feed` is the operator's own import and asks nobody. */
  sources: SourceName[]
  /** Short links (e.tb.cn and the like) may be resolved over the network. */
  shortLinks: boolean
  onebound: { url: string; key: string; secret: string; lang: string } | null
  alibaba1688: {
    url: string
    appKey: string
    appSecret: string
    accessToken: string
    refreshToken: string
  } | null
  taobaoglobal: {
    url: string
    appKey: string
    appSecret: string
    accessToken: string
    refreshToken: string
  } | null
  /** A LibreTranslate-shaped service; null: the offline glossary only. */
  translate: { url: string; key: string | null } | null
  /** Where pictures are kept; null: in `dataDir`. */
  s3: { endpoint: string; bucket: string; region: string; accessKey: string; secretKey: string } | null
  /**
   * Of orders: the service fee in hundredths of a percent, after how long a new one is accepted for purchase when nobody did or
   * stopped it, and after how long one that is pending is cancelled.
   */
  orders: { feeBasisPoints: number; acceptMinutes: number; pendingHours: number }
  /**
   * Of the risk list. `keys`: what its digests are made with, oldest first; null: kept in `dataDir`. `sender`: where codes for
   * those who dispute are sent to. `orders`: whether orders ask it, and from which score on they are held and refused.
   */
  risk: {
    keys: Buffer[] | null
    sender: { url: string; key: string | null } | null
    orders: { mode: 'off' | 'shadow' | 'on'; holdFrom: number; refuseFrom: number }
  }
  /** Who signs the ID tokens that are taken in the place of a key; null: nobody. */
  oidc: { issuer: string; audience: string; jwksUrl: string } | null
}

/**
 * Reads the environment once, at start. Every value has a default that works on a machine with nothing installed; a
 * wrong one throws an `OperatorError` that names the variable and the remedy.
 */
export function readConfig(env: Record<string, string | undefined> = process.env): Config {
  const read = new Environment(env)
  const databaseUrl = read.database('DATABASE_URL')
  const sources = read.list('SOURCES', SOURCE_NAMES)
  const port = read.port('PORT', 8080)
  const uses = (name: SourceName) => sources.includes(name)

  return {
    host: read.host('HOST', '127.0.0.1'),
    port,
    metricsPort: read.portBeside('METRICS_PORT', { PORT: port }),
    dataDir: resolve(read.folder('DATA_DIR', './data')),
    databaseUrl,
    valkeyUrl: read.url('VALKEY_URL', ['redis:', 'rediss:', 'valkey:', 'valkeys:']),
    publicUrl: read.publicUrl('PUBLIC_URL'),
    trustProxy: read.networks('TRUST_PROXY'),
    logLevel: read.choice('LOG_LEVEL', LOG_LEVELS, 'info'),
    demo: read.flag('DEMO', databaseUrl === null),
    sources,
    shortLinks: read.flag('SHORT_LINKS', false),
    onebound: uses('onebound')
      ? {
          url: read.base('ONEBOUND_URL', 'https://api-gw.onebound.cn'),
          key: read.secret('ONEBOUND_KEY', 'onebound'),
          secret: read.secret('ONEBOUND_SECRET', 'onebound'),
          lang: read.text('ONEBOUND_LANG') ?? 'cn',
        }
      : null,
    alibaba1688: uses('alibaba1688')
      ? appCredentials(read, 'ALIBABA1688', 'alibaba1688', 'https://gw.open.1688.com')
      : null,
    taobaoglobal: uses('taobaoglobal')
      ? appCredentials(read, 'TAOBAOGLOBAL', 'taobaoglobal', 'https://api.taobao.global')
      : null,
    translate: read.text('TRANSLATE_URL')
      ? { url: read.base('TRANSLATE_URL', ''), key: read.text('TRANSLATE_KEY') }
      : null,
    s3: s3Settings(read),
    orders: {
      feeBasisPoints: Math.round(read.number('SERVICE_FEE_PERCENT', 5, 100) * 100),
      acceptMinutes: read.number('ORDER_ACCEPT_MINUTES', 10, 10_000),
      pendingHours: read.number('ORDER_PENDING_HOURS', 72, 10_000),
    },
    risk: {
      keys: read.keys('RISK_KEYS'),
      sender: read.text('RISK_SENDER_URL')
        ? { url: read.base('RISK_SENDER_URL', ''), key: read.text('RISK_SENDER_KEY') }
        : null,
      orders: {
        mode: read.choice('ORDER_RISK', ['off', 'shadow', 'on'], 'off'),
        holdFrom: read.number('ORDER_RISK_HOLD', 50, 100),
        refuseFrom: read.number('ORDER_RISK_REFUSE', 90, 100),
      },
    },
    oidc: oidcSettings(read),
  }
}

function oidcSettings(read: Environment): Config['oidc'] {
  if (read.text('OIDC_ISSUER') === null) return null
  const audience = read.text('OIDC_AUDIENCE')
  if (audience === null) {
    throw new OperatorError('OIDC_AUDIENCE is not set, which OIDC_ISSUER needs: tokens are for somebody.')
  }
  // As tokens have it, to the letter.
  const issuer = read.url('OIDC_ISSUER', ['http:', 'https:'])!
  return {
    issuer,
    audience,
    jwksUrl: read.base('OIDC_JWKS_URL', `${issuer.replace(/\/+$/, '')}/.well-known/jwks.json`),
  }
}

function s3Settings(read: Environment): Config['s3'] {
  const needed = ['S3_ENDPOINT', 'S3_BUCKET', 'S3_ACCESS_KEY', 'S3_SECRET_KEY'] as const
  const given = [...needed, 'S3_REGION'].find((name) => read.text(name) !== null)
  if (given === undefined) return null
  const missing = needed.find((name) => read.text(name) === null)
  if (missing !== undefined) {
    throw new OperatorError(`${missing} is not set, which ${given} needs: set it, or unset every S3_ setting.`)
  }
  return {
    endpoint: read.base('S3_ENDPOINT', ''),
    bucket: read.bucket('S3_BUCKET'),
    region: read.text('S3_REGION') ?? 'us-east-1',
    accessKey: read.text('S3_ACCESS_KEY')!,
    secretKey: read.text('S3_SECRET_KEY')!,
  }
}

function appCredentials(read: Environment, prefix: string, source: SourceName, url: string) {
  return {
    url: read.base(`${prefix}_URL`, url),
    appKey: read.secret(`${prefix}_APP_KEY`, source),
    appSecret: read.secret(`${prefix}_APP_SECRET`, source),
    accessToken: read.secret(`${prefix}_ACCESS_TOKEN`, source),
    refreshToken: read.secret(`${prefix}_REFRESH_TOKEN`, source),
  }
}

/** Typed looks at the environment; an empty value counts as not set. */
class Environment {
  readonly #values: Record<string, string | undefined>

  constructor(values: Record<string, string | undefined>) {
    this.#values = values
  }

  text(name: string): string | null {
    return this.#values[name] || null
  }

  url(name: string, protocols: string[]): string | null {
    const value = this.text(name)
    const parsed = value === null ? null : URL.parse(value)
    if (value === null || (parsed && protocols.includes(parsed.protocol))) return value
    return this.#noAddress(name, protocols)
  }

  /** What the driver reads: an address whose host may be missing, where `?host=` names the folder of a socket. */
  database(name: string): string | null {
    const value = this.text(name)
    if (value === null || /^postgres(?:ql)?:\/\//i.test(value)) return value
    return this.#noAddress(name, ['postgres:', 'postgresql:'])
  }

  /** An address that paths can be put behind; without a trailing slash. */
  publicUrl(name: string): string | null {
    const value = this.url(name, ['http:', 'https:'])
    if (value === null) return null
    const { username, password } = new URL(value)
    if (username === '' && password === '' && !/[?#]/.test(value)) return value.replace(/\/+$/, '')
    throw new OperatorError(
      `${name} has a user, a query or a fragment, which other addresses cannot be built on; give one like ` +
        'https://haul.example.',
    )
  }

  /** The address of a service, without a trailing slash. */
  base(name: string, fallback: string): string {
    return (this.url(name, ['http:', 'https:']) ?? fallback).replace(/\/+$/, '')
  }

  bucket(name: string): string {
    const value = this.text(name)!
    if (/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(value)) return value
    return this.#wrong(name, 'give 3 to 63 lower-case letters, digits, hyphens and dots.')
  }

  host(name: string, fallback: string): string {
    const value = this.text(name) ?? fallback
    if (isIP(value) || /^[A-Za-z0-9.-]+$/.test(value)) return value
    return this.#wrong(name, 'give a host name or an IP address, such as 127.0.0.1 or 0.0.0.0.')
  }

  port(name: string, fallback: number): number {
    const value = this.text(name) ?? String(fallback)
    if (/^\d{1,5}$/.test(value) && Number(value) <= 65_535) return Number(value)
    return this.#wrong(name, 'give a whole number from 0 to 65535; 0 picks a free port.')
  }

  /** From 0 to `most`, with at most two decimals. */
  number(name: string, fallback: number, most: number): number {
    const value = this.text(name) ?? String(fallback)
    if (/^\d{1,5}(?:\.\d{1,2})?$/.test(value) && Number(value) <= most) return Number(value)
    return this.#wrong(name, `give a number from 0 to ${most}, with at most two decimals.`)
  }

  /** Null when not set. Throws for a port that another setting has. */
  portBeside(name: string, others: Record<string, number>): number | null {
    if (this.text(name) === null) return null
    const port = this.port(name, 0)
    const [taken] = Object.entries(others).find(([, other]) => other === port && port !== 0) ?? []
    return taken === undefined ? port : this.#wrong(name, `${taken} is the same; give another, or 0 for a free one.`)
  }

  folder(name: string, fallback: string): string {
    const value = this.text(name) ?? fallback
    return value.trim() === '' ? this.#wrong(name, 'give the path of a folder, or unset it.') : value
  }

  flag(name: string, fallback: boolean): boolean {
    const value = this.text(name)?.toLowerCase()
    if (!value) return fallback
    if (['true', '1', 'yes', 'on'].includes(value)) return true
    if (['false', '0', 'no', 'off'].includes(value)) return false
    return this.#wrong(name, 'give true or false.')
  }

  choice<T extends string>(name: string, values: readonly T[], fallback: T): T {
    const value = this.text(name) ?? fallback
    return values.find((each) => each === value) ?? this.#wrong(name, `give one of ${values.join(', ')}.`)
  }

  list<T extends string>(name: string, values: readonly T[]): T[] {
    const remedy = `give a comma list of ${values.join(', ')}.`
    const given = this.#commaList(name)
    const twice = given.find((each, at) => given.indexOf(each) !== at)
    if (twice !== undefined) this.#wrong(name, `"${twice}" stands there twice; name each once.`)
    return given.map(
      (each) => values.find((value) => value === each) ?? this.#wrong(name, `"${each}" is unknown; ${remedy}`),
    )
  }

  /** Networks whose word is taken; `true` and whole address spaces are refused, as every caller could choose its own address. */
  networks(name: string): string[] {
    const given = this.#commaList(name)
    for (const each of given) {
      const [address = '', bits, ...rest] = each.split('/')
      const most = isIP(address) === 6 ? 128 : 32
      const fits = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most)
      if (fits && Number(bits) === 0) {
        this.#wrong(
          name,
          `"${each}" is everyone, so every caller could choose its own address; give your proxies' own networks.`,
        )
      }
      if (!isIP(address) || !fits || rest.length > 0) {
        this.#wrong(name, 'give the addresses or networks of your proxies, such as 10.0.0.0/8,127.0.0.1.')
      }
    }
    return given
  }

  /** A comma list of keys of 32 bytes in base64, which are not printed; null when not set. */
  keys(name: string): Buffer[] | null {
    const keys = this.#commaList(name).map((text) => Buffer.from(text, 'base64'))
    if (keys.every(({ length }) => length === 32)) return keys.length > 0 ? keys : null
    throw new OperatorError(`${name} is a comma list of keys of 32 bytes in base64; correct or unset it.`)
  }

  secret(name: string, source: SourceName): string {
    const value = this.text(name)
    if (value !== null) return value
    throw new OperatorError(
      `${name} is not set: SOURCES names ${source}, which needs it. Set it, or take ${source} out.`,
    )
  }

  #commaList(name: string): string[] {
    const parts = (this.text(name) ?? '').split(',').map((each) => each.trim())
    return parts.filter((each) => each !== '')
  }

  /** The value is not printed: the address of a database carries a password. */
  #noAddress(name: string, protocols: string[]): never {
    const expected = protocols.map((protocol) => `${protocol}//`).join(' or ')
    throw new OperatorError(`${name} is not an address that starts with ${expected}; correct or unset it.`)
  }

  #wrong(name: string, remedy: string): never {
    throw new OperatorError(`${name} is "${this.#values[name]}": ${remedy}`)
  }
}
