import { type Command, Option } from 'commander'
import { PRODUCTS } from '../../money/plans/catalogue.ts'
import { upToThousand, wholeNumber } from '../arguments.ts'
import { json } from './options.ts'

/** `openhaul ledger check` and `openhaul usage` */
export function defineBooks(program: Command): void {
  program
    .command('ledger')
    .description('the books')
    .command('check')
    .description('prove that every balance equals its entries and every currency adds up to zero')
    .addOption(json())
    .action(async (options) => (await import('../ledger.ts')).ledgerCheck(options))

  program
    .command('usage')
    .description('what an account used: by day, as its request log, or as an export')
    .option('--account <name>', 'a name or a number; only --cut-off does without')
    .option('--sandbox', "of the account's sandbox")
    .option('--days <count>', 'how far back, in UTC days, today included', upToThousand, 30)
    .option('--log', 'the request log, newest first: what each call cost, what paid, and what was left')
    .option('--export', 'the same as JSON lines, oldest first and all of it')
    .option('--cut-off', 'calls that a killed server left, and that were given back')
    .option('--tid <text>', "only with this reference of the caller's")
    .option('--request <id>', 'only this request')
    .option('--status <code>', 'only with this status', wholeNumber)
    .option('--key <id>', 'only of this key', wholeNumber)
    .addOption(new Option('--product <product>', 'only of this product').choices(PRODUCTS))
    .option('--before <cursor>', 'the page of the log after the one that named it')
    .option('--limit <count>', 'lines of the log at most (default: 50)', upToThousand)
    .addOption(json())
    .action(async (options) => (await import('../usage.ts')).usage(options))
}
