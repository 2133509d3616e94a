import { linkIdentity, unlinkIdentity } from '../access/keys/oidc.ts'
import type { Config } from '../config.ts'
import { OperatorError } from '../lib/errors.ts'
import { onAccount, type ForAccount } from './account.ts'
import { cliActor } from './actor.ts'
import { print } from './print.ts'

type LinkOptions = ForAccount & { subject: string; issuer?: string }

export async function accountLinkOidc(options: LinkOptions): Promise<void> {
  const { subject } = options
  const linked = await onAccount(options, async (ctx, account) => {
    const issuer = issuerOf(options, ctx.config)
    return { account, issuer, ...(await linkIdentity(ctx, { issuer, subject, account, actor: cliActor() })) }
  })
  const { account, issuer, repeated } = linked
  const value = { account_id: account.id, issuer, subject, repeated }
  print(options, value, `ID tokens of ${subject} from ${issuer} act for account ${account.id} "${account.name}".`)
}

export async function accountUnlinkOidc(options: LinkOptions): Promise<void> {
  const { subject } = options
  const { account, issuer } = await onAccount(options, async (ctx, account) => {
    const issuer = issuerOf(options, ctx.config)
    await unlinkIdentity(ctx, { issuer, subject, account, actor: cliActor() })
    return { account, issuer }
  })
  const value = { account_id: account.id, issuer, subject }
  print(options, value, `ID tokens of ${subject} from ${issuer} no longer act for account ${account.id}.`)
}

function issuerOf({ issuer }: LinkOptions, { oidc }: Config): string {
  const named = issuer ?? oidc?.issuer
  if (named !== undefined && !URL.canParse(named)) {
    throw new OperatorError(`--issuer ${named} is no URL; give the \`iss\` of its tokens.`)
  }
  if (named !== undefined) return named
  throw new OperatorError('Give --issuer, or set OIDC_ISSUER: identities are those of an issuer.')
}
