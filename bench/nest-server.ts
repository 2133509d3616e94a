// The peer of the door bench: NestJS on Express with a guard that looks the key up and counts its minute in a Map, and a
// handler that takes the product out of a Map. Usage: nest-server.ts PRODUCT.json KEY
// Decorators are called as functions, as Node runs TypeScript by leaving types out.
import 'reflect-metadata'
import { readFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import {
  Controller,
  Get,
  HttpException,
  Injectable,
  Module,
  NotFoundException,
  Param,
  UnauthorizedException,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common'
import { NestFactory } from '@nestjs/core'

const [file, key] = process.argv.slice(2) as [string, string]
const products = new Map([['weidian/7231368393', JSON.parse(readFileSync(file, 'utf8')) as object]])
const digest = (text: string) => createHash('sha256').update(text).digest('hex')
const keys = new Map([[digest(key), { account: 1, limit: 1_000_000_000 }]])
const minutes = new Map<number, { startedAt: number; used: number }>()

class KeyGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string | undefined> }>()
    const found = keys.get(digest((headers['authorization'] ?? '').replace(/^Bearer /, '')))
    if (!found) throw new UnauthorizedException()
    const now = Date.now()
    let minute = minutes.get(found.account)
    if (!minute || now - minute.startedAt >= 60_000) minutes.set(found.account, (minute = { startedAt: now, used: 0 }))
    if (++minute.used > found.limit) throw new HttpException('Too many requests', 429)
    return true
  }
}
Injectable()(KeyGuard)

class ProductsController {
  find(storefront: string, listingId: string): object {
    const found = products.get(`${storefront}/${listingId}`)
    if (!found) throw new NotFoundException()
    return found
  }
}
Controller('api/v1')(ProductsController)
UseGuards(KeyGuard)(ProductsController)
Param('storefront')(ProductsController.prototype, 'find', 0)
Param('listingId')(ProductsController.prototype, 'find', 1)
Get('products/:storefront/:listingId')(
  ProductsController.prototype,
  'find',
  Object.getOwnPropertyDescriptor(ProductsController.prototype, 'find')!,
)

// oxlint-disable-next-line typescript/no-extraneous-class
class AppModule {}
Module({ controllers: [ProductsController], providers: [KeyGuard] })(AppModule)

const app = await NestFactory.create(AppModule, { logger: false })
await app.listen(0, '127.0.0.1')
const { port } = (app.getHttpServer() as { address(): AddressInfo }).address()
process.stdout.write(`ready on http://127.0.0.1:${port}\n`)
