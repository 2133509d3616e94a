import type { Command } from 'commander'
import { commaList, limitOrUnlimited, units, unitsOrUnlimited, usdOrNone } from '../arguments.ts'
import { json, product, reason, whose } from './options.ts'

/** What accounts subscribe to. */
export function definePlans(account: Command): void {
  account
    .command('set-plan')
    .description(
      'give a plan, with these options of its own alone; with --charge, buy it from the API balance by the month',
    )
    .requiredOption(...whose)
    .addOption(product())
    .requiredOption('--plan <id>', 'as `GET /api/v1/pricing` lists them, or custom')
    .option('--charge', 'subscribe, and pay from the API balance')
    .option('--preview', 'only say what --charge would take')
    .option('--per-second <count>', 'calls a second, or unlimited', limitOrUnlimited)
    .option('--per-minute <count>', 'calls a minute, or unlimited', limitOrUnlimited)
    .option('--per-day <count>', 'item: calls paid for each UTC day', units)
    .option(
      '--per-month <count>',
      'calls, credits, checks or (item) trial of a UTC month; qc: or unlimited',
      unitsOrUnlimited,
    )
    .option('--price-usd <amount>', 'item, risk: of a call beyond those; none refuses it', usdOrNone)
    .option('--gb-included <count>', 'item: 10^9 response bytes of a UTC month', units)
    .option('--features <a,b>', 'qc: what it may do beside look-ups', commaList)
    .option(...reason)
    .addOption(json())
    .action(async (options) => (await import('../account-plans.ts')).accountSetPlan(options))
  account
    .command('cancel-plan')
    .description('end a subscription when the period that is paid for is over')
    .requiredOption(...whose)
    .addOption(product())
    .option('--add-on <id>', 'to an add-on (default: to the plan)')
    .option(...reason)
    .addOption(json())
    .action(async (options) => (await import('../account-plans.ts')).accountCancelPlan(options))
  account
    .command('resume-plan')
    .description('take the cancellation of a subscription back, while its period lasts')
    .requiredOption(...whose)
    .addOption(product())
    .option('--add-on <id>', 'to an add-on (default: to the plan)')
    .option(...reason)
    .addOption(json())
    .action(async (options) => (await import('../account-plans.ts')).accountResumePlan(options))
  account
    .command('add-on')
    .description('give an add-on; with --charge, buy it from the API balance by the month')
    .requiredOption(...whose)
    .addOption(product())
    .requiredOption('--add-on <id>', 'as `GET /api/v1/pricing` lists them')
    .option('--charge', 'subscribe, and pay from the API balance')
    .option('--preview', 'only say what --charge would take')
    .option('--remove', 'take it away at once; a subscription to it ends without a refund')
    .option(...reason)
    .addOption(json())
    .action(async (options) => (await import('../account-plans.ts')).accountAddOn(options))
}
