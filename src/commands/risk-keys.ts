import { rewrapMarks, rotateKey } from '../risk/list/generations.ts'
import { audit } from '../events/audit/audit.ts'
import { readConfig } from '../config.ts'
import { withCtx } from '../ctx.ts'
import { countEntries, forgetList } from '../risk/list/entries.ts'
import type { Json } from './account.ts'
import { cliActor } from './actor.ts'
import { print } from './print.ts'
import { onList } from './risk.ts'

const TOLD_EACH = 100_000

export async function riskRotateKey(options: Json): Promise<void> {
  const generation = await onList(async (ctx) => {
    const generation = await rotateKey(ctx)
    const deed = { at: ctx.clock.now(), actor: cliActor(), action: 'risk.rotate_key', accountId: null }
    await ctx.db.transaction().execute((tx) => audit(tx, { ...deed, subject: `risk-key:${generation}` }))
    return generation
  })
  const words = `Key ${generation} is in use: copy the keys to where you keep them. Servers wrap what older ones made; \`risk rewrap\` does it at once.`
  print(options, { generation }, words)
}

export async function riskRewrap(options: Json): Promise<void> {
  let told = 0
  const count = await onList((ctx, interrupted) =>
    rewrapMarks({ ...ctx, closing: interrupted }, (done) => {
      if (done < told + TOLD_EACH) return
      told = done
      process.stderr.write(`wrapped ${done}\n`)
    }),
  )
  print(options, { wrapped: count }, `${count} digests are wrapped by the newest key.`)
}

export async function riskForgetList(options: Json & { why: string; yes?: boolean }): Promise<void> {
  const { why, yes = false } = options
  // Without the keys, which may be what is lost.
  const entries = await withCtx(readConfig(), async (ctx) =>
    yes ? forgetList(ctx, { actor: cliActor(), why }) : countEntries(ctx),
  )
  const words = yes
    ? `${entries} entries are erased, with their keys.`
    : `${entries} entries would be erased, with their keys. Stop all servers, and say --yes.`
  print(options, { erased: yes, entries }, words)
}
