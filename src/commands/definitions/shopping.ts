import type { Command } from 'commander'
import { cnyAmount, countOrNone, upToHundred, upToThousand, wholeNumber } from '../arguments.ts'
import { moment } from '../times.ts'
import { json, reason, whose } from './options.ts'

/** `openhaul coupon …` */
export function defineCoupon(program: Command): void {
  const coupon = program.command('coupon').description('coupons for orders')
  coupon
    .command('create')
    .description('make a coupon that customers can claim')
    .requiredOption('--name <name>', 'how customers see it')
    .option('--percent <count>', 'it takes off so many percent of what the items cost', upToHundred)
    .option('--cny <amount>', 'it takes off so many yuan', cnyAmount)
    .option('--min-cny <amount>', 'what the items must cost at least', cnyAmount)
    .option('--max-cny <amount>', 'what it takes off at most', cnyAmount)
    .requiredOption('--expires <when>', 'when it ends: 30d, 12h or 2030-01-31T12:00:00Z', moment)
    .option('--limit <count>', 'how many may be claimed in all (default: none)', countOrNone)
    .option('--per-customer <count>', 'how many one customer may claim', upToThousand, 1)
    .option('--sandbox', 'for sandboxes alone')
    .addOption(json())
    .action(async (options) => (await import('../coupon.ts')).couponCreate(options))
  coupon
    .command('withdraw')
    .description('end a coupon: nobody claims or uses it from here on')
    .argument('<id>', 'its number, as `coupon list` shows it', wholeNumber)
    .addOption(json())
    .action(async (id, options) => (await import('../coupon.ts')).couponWithdraw(id, options))
  coupon
    .command('list')
    .description('list coupons, newest first')
    .addOption(json())
    .action(async (options) => (await import('../coupon.ts')).couponList(options))
}

/** `openhaul customer …` */
export function defineCustomer(program: Command): void {
  const customer = program.command('customer').description('what is kept of the person behind an account')
  customer
    .command('export')
    .description(
      'print profile, addresses, favourites, login and what orders keep as JSON, of the account and of its sandbox',
    )
    .requiredOption(...whose)
    .addOption(json())
    .action(async (options) => (await import('../customer.ts')).customerExport(options))
  customer
    .command('erase')
    .description('delete them for good, of both; the account and its orders stay')
    .requiredOption(...whose)
    .requiredOption(...reason)
    .addOption(json())
    .action(async (options) => (await import('../customer.ts')).customerErase(options))
}
