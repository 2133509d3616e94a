// The server of the door bench: the real application on the database and the Valkey that the environment names.
// METERING=off pays for nothing and records nothing, for the baseline of the priced call.
import type { AddressInfo } from 'node:net'
import { buildApp } from '../src/app.ts'
import { readConfig } from '../src/config.ts'
import { interruption, openCtx } from '../src/ctx.ts'
import { openLog } from '../src/lib/log.ts'

const stopping = interruption()
const config = readConfig()
const ctx = await openCtx(config, openLog('error'), { isNode: true })
if (process.env['METERING'] === 'off') {
  const paid = { paid: true, pot: 'balance', costUsdMicros: 4_000, balanceAfterUsdMicros: 0 } as const
  Object.assign(ctx.usage, { record() {}, touch() {} })
  Object.assign(ctx.settler, { settle: () => Promise.resolve(paid) })
}
const app = await buildApp(ctx)
await app.listen({ host: '127.0.0.1', port: 0 })
process.stdout.write(`ready on http://127.0.0.1:${(app.server.address() as AddressInfo).port}\n`)
stopping.addEventListener('abort', () => {
  void app.close().then(() => ctx.close())
})
