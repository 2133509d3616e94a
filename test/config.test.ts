import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { readConfig } from '../src/config.ts'
import { OperatorError } from '../src/lib/errors.ts'

test('an empty environment gives a server that works on its own', () => {
  assert.deepEqual(readConfig({}), {
    host: '127.0.0.1',
    port: 8080,
    metricsPort: null,
    oidc: null,
    risk: { keys: null, sender: null, orders: { mode: 'off', holdFrom: 50, refuseFrom: 90 } },
    dataDir: resolve('data'),
    databaseUrl: null,
    valkeyUrl: null,
    publicUrl: null,
    trustProxy: [],
    logLevel: 'info',
    demo: true,
    sources: [],
    shortLinks: false,
    onebound: null,
    alibaba1688: null,
    taobaoglobal: null,
    translate: null,
    s3: null,
    orders: { feeBasisPoints: 500, acceptMinutes: 10, pendingHours: 72 },
  })
})

test('a database server switches the demo off, unless it is asked for', () => {
  const DATABASE_URL = 'postgres://user:secret@db.test/openhaul'
  assert.equal(readConfig({ DATABASE_URL }).demo, false)
  assert.equal(readConfig({ DATABASE_URL, DEMO: 'true' }).demo, true)
  assert.equal(readConfig({ DEMO: '0' }).demo, false)
})

test('sources keep their order and bring their credentials', () => {
  const config = readConfig({
    SOURCES: 'onebound, feed',
    ONEBOUND_KEY: 'k',
    ONEBOUND_SECRET: 's',
    ONEBOUND_URL: 'http://127.0.0.1:9100/',
  })
  assert.deepEqual(config.sources, ['onebound', 'feed'])
  assert.deepEqual(config.onebound, { url: 'http://127.0.0.1:9100', key: 'k', secret: 's', lang: 'cn' })
})

test('an address of a database may name a socket instead of a host', () => {
  const DATABASE_URL = 'postgres://user@/shop?host=/run/postgresql'
  assert.equal(readConfig({ DATABASE_URL }).databaseUrl, DATABASE_URL)
})

test('two ports that are picked by the system do not collide', () => {
  const { port, metricsPort } = readConfig({ PORT: '0', METRICS_PORT: '0' })
  assert.deepEqual({ port, metricsPort }, { port: 0, metricsPort: 0 })
})

test('a public address keeps its path and loses its last slash', () => {
  assert.equal(readConfig({ PUBLIC_URL: 'https://shop.test/haul/' }).publicUrl, 'https://shop.test/haul')
})

test('pictures are kept in a bucket when all of its settings are there', () => {
  const env = {
    S3_ENDPOINT: 'https://s3.test/',
    S3_BUCKET: 'haul-pictures',
    S3_ACCESS_KEY: 'k',
    S3_SECRET_KEY: 's',
  }
  const s3 = { endpoint: 'https://s3.test', bucket: 'haul-pictures', accessKey: 'k', secretKey: 's' }
  assert.deepEqual(readConfig(env).s3, { ...s3, region: 'us-east-1' })
  assert.deepEqual(readConfig({ ...env, S3_REGION: 'eu-1' }).s3, { ...s3, region: 'eu-1' })
})

const S3 = { S3_ENDPOINT: 'https://s3.test', S3_BUCKET: 'haul', S3_ACCESS_KEY: 'k', S3_SECRET_KEY: 's' }
const wrong: { env: Record<string, string>; says: RegExp }[] = [
  { env: { PORT: '80a' }, says: /^PORT is "80a": give a whole number from 0 to 65535/ },
  { env: { PORT: '-1' }, says: /^PORT/ },
  { env: { PORT: '65536' }, says: /^PORT/ },
  { env: { HOST: 'a b' }, says: /^HOST/ },
  { env: { LOG_LEVEL: 'loud' }, says: /^LOG_LEVEL is "loud": give one of silent, error, warn, info, debug/ },
  { env: { DEMO: 'maybe' }, says: /^DEMO is "maybe": give true or false/ },
  { env: { DATABASE_URL: 'mysql://u:secret@h/d' }, says: /^DATABASE_URL is not an address that starts with postgres/ },
  { env: { VALKEY_URL: 'localhost' }, says: /^VALKEY_URL/ },
  { env: { PUBLIC_URL: 'shop.test' }, says: /^PUBLIC_URL/ },
  { env: { TRUST_PROXY: 'true' }, says: /^TRUST_PROXY is "true": give the addresses or networks/ },
  { env: { TRUST_PROXY: '10.0.0.0/64' }, says: /^TRUST_PROXY/ },
  { env: { SOURCES: 'onebound,1688' }, says: /^SOURCES.*"1688" is unknown; give a comma list of feed, onebound/ },
  { env: { SOURCES: 'onebound', ONEBOUND_KEY: 'k' }, says: /^ONEBOUND_SECRET is not set: SOURCES names onebound/ },
  {
    env: { TRUST_PROXY: '10.0.0.0/8,0.0.0.0/0' },
    says: /^TRUST_PROXY .*"0.0.0.0\/0" is everyone.*give your proxies' own/,
  },
  { env: { TRUST_PROXY: '::/0' }, says: /^TRUST_PROXY .*"::\/0" is everyone/ },
  { env: { TRUST_PROXY: '10.0.0.1/00' }, says: /^TRUST_PROXY .* is everyone/ },
  { env: { PUBLIC_URL: 'https://user:secret@shop.test' }, says: /^PUBLIC_URL has a user, a query or a fragment/ },
  { env: { PUBLIC_URL: 'https://shop.test/?a=1' }, says: /^PUBLIC_URL has a user, a query or a fragment/ },
  { env: { PUBLIC_URL: 'https://shop.test/#a' }, says: /^PUBLIC_URL has a user, a query or a fragment/ },
  { env: { PUBLIC_URL: 'https://shop.test?' }, says: /^PUBLIC_URL has a user, a query or a fragment/ },
  { env: { SOURCES: 'feed, onebound,feed' }, says: /^SOURCES .*"feed" stands there twice; name each once/ },
  { env: { METRICS_PORT: '8080' }, says: /^METRICS_PORT is "8080": PORT is the same; give another/ },
  { env: { METRICS_PORT: '91', PORT: '91' }, says: /^METRICS_PORT is "91": PORT is the same/ },
  { env: { DATA_DIR: '  ' }, says: /^DATA_DIR is " {2}": give the path of a folder/ },
  { env: { DATABASE_URL: 'xpostgres://h/d' }, says: /^DATABASE_URL is not an address that starts with postgres/ },
  { env: { S3_REGION: 'eu-1' }, says: /^S3_ENDPOINT is not set, which S3_REGION needs: set it, or unset every S3_/ },
  { env: { ...S3, S3_BUCKET: '' }, says: /^S3_BUCKET is not set, which S3_ENDPOINT needs/ },
  { env: { ...S3, S3_SECRET_KEY: '' }, says: /^S3_SECRET_KEY is not set/ },
  { env: { ...S3, S3_BUCKET: 'Haul/x' }, says: /^S3_BUCKET is "Haul\/x": give 3 to 63 lower-case letters/ },
  { env: { ...S3, S3_ENDPOINT: 's3.test' }, says: /^S3_ENDPOINT is not an address that starts with http/ },
  { env: { SOURCES: 'alibaba1688' }, says: /^ALIBABA1688_APP_KEY is not set/ },
]

for (const { env, says } of wrong) {
  test(`${JSON.stringify(env)} stops the start with a remedy`, () => {
    assert.throws(
      () => readConfig(env),
      (error: unknown) =>
        error instanceof OperatorError && says.test(error.message) && !error.message.includes('secret@'),
    )
  })
}
