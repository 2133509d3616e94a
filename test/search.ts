import type { TestContext } from 'node:test'
import { demoListings } from '../src/demo/catalogue.ts'
import { drawDemo } from '../src/demo/draw.ts'
import { readDemoFeatures, storeDemoFeatures } from '../src/demo/features.ts'
import { demoGalleries } from '../src/demo/qc-sets.ts'
import { storeDemo } from '../src/products/catalog/catalog.ts'
import { storeDemoQc } from '../src/products/qc/demo.ts'
import { ensureSpaces } from '../src/products/search/spaces.ts'
import { testApp, type TestApp } from './app.ts'

/** The application with the demo catalogue in its picture index, as a first start leaves it. */
export async function searchableDemo(t: TestContext, env: Record<string, string> = {}): Promise<TestApp> {
  const { app, ctx } = await testApp(t, env)
  ctx.draw = drawDemo(ctx.workers)
  await storeDemo(ctx, demoListings())
  const features = await readDemoFeatures()
  await storeDemoQc(ctx, demoGalleries(features))
  await ensureSpaces(ctx)
  await storeDemoFeatures(ctx, features)
  await ctx.search.start()
  return { app, ctx }
}

/** A multipart form as `inject` takes it; a Buffer is sent as a file. */
export function formOf(fields: Record<string, string | Buffer>): { payload: Buffer; headers: Record<string, string> } {
  const boundary = '----a-boundary-of-tests'
  const parts = Object.entries(fields).flatMap(([name, value]) => {
    const file = typeof value === 'string' ? '' : '; filename="picture"\r\nContent-Type: application/octet-stream'
    return [
      Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n`),
      Buffer.from(value),
      Buffer.from('\r\n'),
    ]
  })
  const payload = Buffer.concat([...parts, Buffer.from(`--${boundary}--\r\n`)])
  return { payload, headers: { 'content-type': `multipart/form-data; boundary=${boundary}` } }
}
