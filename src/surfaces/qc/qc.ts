import type { FastifyInstance } from 'fastify'
import type { Ctx } from '../../ctx.ts'
import { houseRefusal } from '../house.ts'
import { openSurface, type Surface } from '../surface.ts'
import { batchRoutes } from './batch.ts'
import { galleryRoutes } from './gallery.ts'
import { imageRoutes } from './images.ts'
import { meRoutes } from './me.ts'
import { productRoutes } from './products.ts'
import { searchRoutes } from './search.ts'
import { usageRoutes } from './usage.ts'

export const qc: Surface = {
  name: 'qc',
  title: 'Openhaul QC API',
  description: 'Product data and QC photos by marketplace and listing id. Send your key as `Authorization: Bearer …`.',
  keyHeader: 'authorization',
  product: 'qc',
  patterns: [
    '/api/v1/qc/**',
    '/api/v1/me',
    '/api/v1/usage',
    '/api/v1/products/batch',
    '/api/v1/products/search',
    '/api/v1/products/:a/:b',
  ],
  refuse: houseRefusal,
}

export async function qcSurface(app: FastifyInstance, { ctx }: { ctx: Ctx }): Promise<void> {
  openSurface(app, ctx, qc)
  productRoutes(app, ctx)
  batchRoutes(app, ctx)
  galleryRoutes(app, ctx)
  imageRoutes(app, ctx)
  searchRoutes(app, ctx)
  meRoutes(app, ctx)
  usageRoutes(app, ctx)
}
