import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { voidCutOff } from '../access/usage/cut-off.ts'
import { openUsageUpkeep } from '../access/usage/retention.ts'
import { buildApp } from '../app.ts'
import { readConfig, type Config } from '../config.ts'
import { interruption, openCtxUnless, type Ctx } from '../ctx.ts'
import { demoListings } from '../demo/catalogue.ts'
import { drawDemo } from '../demo/draw.ts'
import { readDemoFeatures, storeDemoFeatures } from '../demo/features.ts'
import { openDemoKeys, type DemoKeys } from '../demo/keys.ts'
import { demoGalleries } from '../demo/qc-sets.ts'
import { timedJobs } from '../jobs.ts'
import { BlobsDown } from '../lib/blobs.ts'
import { OperatorError } from '../lib/errors.ts'
import { startJobs, type Jobs } from '../lib/jobs.ts'
import { openLog } from '../lib/log.ts'
import { storeDemo } from '../products/catalog/catalog.ts'
import { storeDemoQc } from '../products/qc/demo.ts'
import { runIndexer } from '../products/search/indexer.ts'
import { ensureSpaces, renewDefault } from '../products/search/spaces.ts'
import { ensureKeys } from '../risk/list/generations.ts'
import { isBusy } from '../surfaces/lifecycle.ts'
import { listenMetrics } from '../surfaces/metrics.ts'
import { trackSockets, type OpenSockets } from './open-sockets.ts'

/** How long requests under way may take once a stop was asked for. */
const GRACE_MS = 10_000
/** How long /readyz says that we stop before connections are refused, so that a proxy can look elsewhere. */
const DRAIN_MS = 100
/** How long the start waits for the pictures of searches; a large index is loaded behind it. */
const SEARCH_MS = 2_000

/** Starts the server and returns when it has stopped. */
export async function serve(): Promise<void> {
  const config = readConfig()
  const log = openLog(config.logLevel)
  const stopping = interruption()
  const ctx = await openCtxUnless(stopping, config, log, { isNode: true })
  if (ctx === null) return
  ctx.draw = drawDemo(ctx.workers)
  try {
    await ctx.limits.started()
    await lookForPictures(ctx)
    await voidCutOff(ctx)
    const lack = await ensureKeys(ctx, { isAlone: config.databaseUrl === null })
    if (lack !== null) log.warn(`what asks the risk list is answered 503 meanwhile: ${lack}`)
    await openUsageUpkeep(ctx).ensurePartitions()
    // The sandbox sees the demo products on every installation; DEMO decides whether live keys do too.
    await storeDemo(ctx, demoListings())
    const features = await readDemoFeatures()
    await storeDemoQc(ctx, demoGalleries(features))
    await ensureSpaces(ctx)
    await storeDemoFeatures(ctx, features)
    const loaded = ctx.search.start()
    const keys = config.demo ? await openDemoKeys(ctx) : null
    const app = await buildApp(ctx)
    const sockets = trackSockets()
    let jobs: Jobs | null = null
    let indexing: Promise<unknown> | null = null
    try {
      if (stopping.aborted) return
      await listenMetrics(app, config)
      await Promise.race([loaded, delay(SEARCH_MS, undefined, { ref: false })])
      const address = await listen(app, ctx)
      process.stdout.write(`openhaul ready on ${address}\n${keys ? invitation(address, ctx.publicUrl, keys) : ''}`)
      jobs = startJobs({ connection: ctx.connection, log, timed: timedJobs(ctx) })
      indexing = Promise.all([runIndexer(ctx, { signal: stopping }), renewIndex(ctx, stopping)])
      if (!stopping.aborted) await once(stopping, 'abort')
      log.info('stopping')
    } finally {
      await Promise.all([stop(app, sockets), jobs?.stop(), indexing])
    }
  } finally {
    await ctx.close()
  }
}

/** So that a wrong setting is told now, and not by the first picture; what may pass keeps nobody from the rest. */
async function lookForPictures({ blobs, log }: Ctx): Promise<void> {
  await blobs.get('start').catch((error: unknown) => {
    if (!(error instanceof BlobsDown)) throw error
    log.warn({ err: error }, `pictures are answered 503 meanwhile: ${error.message}`)
  })
}

/** Searches ask the index in use meanwhile, so that nobody has to wait for this. */
async function renewIndex(ctx: Ctx, stopping: AbortSignal): Promise<void> {
  await renewDefault(ctx, { signal: stopping }).catch((error: unknown) => {
    if (!stopping.aborted) ctx.log.warn({ err: error }, 'the new index could not be begun; the next start tries again')
  })
}

/** Tells whoever asks that we stop, then takes nothing new and lets requests under way end within the grace. */
async function stop(app: FastifyInstance, sockets: OpenSockets): Promise<void> {
  app.lifecycle.isStopping = true
  if (app.server.listening) await delay(DRAIN_MS)
  await Promise.all([app.close(), sockets.close(GRACE_MS, isBusy)])
}

/** Listens where the settings say; answers the address. */
async function listen(app: FastifyInstance, ctx: Ctx): Promise<string> {
  const { config } = ctx
  await app.listen({ host: config.host, port: config.port }).catch((error: NodeJS.ErrnoException) => {
    throw listenError(error, config)
  })
  const address = listenAddress(config, app.server.address() as AddressInfo)
  if (ctx.publicUrl === '') ctx.publicUrl = address
  return address
}

function listenAddress(config: Config, { port }: AddressInfo): string {
  return `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`
}

function listenError(error: NodeJS.ErrnoException, config: Config): Error {
  if (error.code === 'EADDRINUSE') {
    return new OperatorError(
      `Port ${config.port} is taken. Stop what listens there, or choose another: PORT=0 picks a free one.`,
    )
  }
  if (error.code === 'EACCES')
    return new OperatorError(`Port ${config.port} needs rights that this user lacks; use one from 1024 up.`)
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
    return new OperatorError(`HOST is "${config.host}", which is no address of this machine; use 127.0.0.1 or 0.0.0.0.`)
  }
  return error
}

/** What a newcomer can paste next: one call for each surface. */
function invitation(address: string, publicUrl: string, keys: DemoKeys): string {
  // Reached from this machine, whatever was listened on.
  const url = address.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:')
  const link = encodeURIComponent('https://detail.1688.com/offer/791912182230.html')
  return `
# qc: a product with its QC photos
curl -s -H 'Authorization: Bearer ${keys.qc}' ${url}/api/v1/products/weidian/7231368393

# item: one normalized product for any link
curl -s -H 'X-API-Key: ${keys.cbk}' -d 'url=https://weidian.com/item.html?itemID=7266541641' ${url}/api/v1/item

# risk: whether somebody is listed, and why (docs/risk.md)
curl -s -H 'X-API-Key: ${keys.cbk}' -d 'type=email&value=buyer@example.com' ${url}/api/v1/blacklist/check

# sourcing: a wholesale product of 1688 with its prices and skus
curl -s -H 'X-API-Key: ${keys.oh}' '${url}/api/v1/1688/get_product_details?offer_id=791912182230'

# search: products of 1688 that match a picture
curl -s -H 'X-API-Key: ${keys.oh}' '${url}/api/v1/1688/search_by_image?image_url=${publicUrl}/media/demo/v2/791912182230-1.webp&page_size=3'

# agent: what two pairs of these shoes would cost (an order is placed with the same body at /api/v1/orders)
curl -s -H 'Authorization: Bearer ${keys.sk}' -H 'content-type: application/json' -d '{"items":[{"productId":"12345","skuId":"s001","quantity":2}]}' ${url}/api/v1/orders/preview

# links: what a link points at, and the same for every agent (no key)
curl -s '${url}/api/v1/links?url=${link}&to=all'

# reference: ${url}/docs
`
}
