import type { FastifyInstance } from 'fastify'
import type { Ctx } from '../../ctx.ts'
import { houseRefusal } from '../house.ts'
import { hangDoor, type Surface } from '../surface.ts'
import { productRoutes } from './products.ts'

export const qc: Surface = {
  name: 'qc',
  title: 'Openhaul QC API',
  description: 'Product data and QC photos by marketplace and listing id. Send your key as `Authorization: Bearer …`.',
  keyHeader: 'authorization',
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
  hangDoor(app, ctx, qc)
  productRoutes(app, ctx)
}
