import type { Command } from 'commander'
import { cnyAmount, countOrNone, units, upToThousand, usdAmount, usdOrNone, wholeNumber } from '../arguments.ts'
import { json, reason, whose } from './options.ts'
import { definePlans } from './account-plans.ts'

/** `openhaul account …` */
export function defineAccount(program: Command): void {
  const account = program.command('account').description('accounts')
  account
    .command('create')
    .description('create an account and its sandbox')
    .requiredOption('--name <name>', 'how the account is called from here on')
    .addOption(json())
    .action(async (options) => (await import('../account.ts')).accountCreate(options))
  account
    .command('list')
    .description('list accounts, each with its sandbox')
    .addOption(json())
    .action(async (options) => (await import('../account.ts')).accountList(options))
  account
    .command('show')
    .description('its plans, subscriptions, balances, caps and what is used')
    .requiredOption(...whose)
    .addOption(json())
    .action(async (options) => (await import('../account-show.ts')).accountShow(options))
  account
    .command('credit')
    .description('credit money that has come in: dollars to the API balance, yuan to the wallet')
    .requiredOption(...whose)
    .option('--usd <amount>', 'to the API balance', usdAmount)
    .option('--cny <amount>', 'to the wallet', cnyAmount)
    .requiredOption(...reason)
    .option('--sandbox', "play money for the account's sandbox")
    .option('--name <name>', 'credited once for each name, however often it is given')
    .addOption(json())
    .action(async (options) => (await import('../account.ts')).accountCredit(options))
  account
    .command('set-cap')
    .description('the most that priced calls may cost in a UTC month, of an account or of one key')
    .requiredOption(...whose)
    .option('--sandbox', "of the account's sandbox")
    .option('--key <id>', 'of this key', wholeNumber)
    .option('--usd <amount>', 'in dollars; none lifts the cap', usdOrNone)
    .option('--calls <count>', 'of a key, in calls; none lifts the cap', countOrNone)
    .addOption(json())
    .action(async (options) => (await import('../account.ts')).accountSetCap(options))
  account
    .command('set-low-balance')
    .description('the API balance below which there is news of it')
    .requiredOption(...whose)
    .option('--sandbox', "of the account's sandbox")
    .requiredOption('--usd <amount>', 'in dollars, or none', usdOrNone)
    .addOption(json())
    .action(async (options) => (await import('../account.ts')).accountSetLowBalance(options))
  defineIdentities(account)
  defineHistory(account)
  definePlans(account)
}

function defineIdentities(account: Command): void {
  const subject = ['--subject <text>', 'as the issuer calls them: the `sub` of their tokens'] as const
  const issuer = ['--issuer <address>', 'who signs them (default: OIDC_ISSUER)'] as const
  account
    .command('link-oidc')
    .description('let the holder of ID tokens check identifiers for it')
    .requiredOption(...whose)
    .requiredOption(...subject)
    .option(...issuer)
    .addOption(json())
    .action(async (options) => (await import('../account-oidc.ts')).accountLinkOidc(options))
  account
    .command('unlink-oidc')
    .description('end that at once')
    .requiredOption(...whose)
    .requiredOption(...subject)
    .option(...issuer)
    .addOption(json())
    .action(async (options) => (await import('../account-oidc.ts')).accountUnlinkOidc(options))
}

function defineHistory(account: Command): void {
  account
    .command('statement')
    .description('what came into and went out of its API balance, newest first')
    .requiredOption(...whose)
    .option('--sandbox', "of the account's sandbox")
    .option('--wallet', 'of its wallet')
    .option('--before <id>', 'the page after the one that named it', wholeNumber)
    .option('--limit <count>', 'at most so many', upToThousand, 50)
    .addOption(json())
    .action(async (options) => (await import('../account-statement.ts')).accountStatement(options))
  account
    .command('news')
    .description('what there was to tell of it and of its sandbox, newest first')
    .requiredOption(...whose)
    .option('--limit <count>', 'at most so many', upToThousand, 100)
    .addOption(json())
    .action(async (options) => (await import('../account-news.ts')).accountNews(options))
  account
    .command('audit')
    .description('who did what to it and to its sandbox, newest first')
    .requiredOption(...whose)
    .option('--limit <count>', 'at most so many', units, 100)
    .addOption(json())
    .action(async (options) => (await import('../account.ts')).accountAudit(options))
}
