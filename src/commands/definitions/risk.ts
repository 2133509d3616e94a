import { type Command, Option } from 'commander'
import { ORDER_REASONS, REASONS } from '../../risk/list/reasons.ts'
import { TYPES } from '../../risk/normalise/normalised.ts'
import { cnyAmount, upToHundred, upToThousand, wholeNumber, words } from '../arguments.ts'
import { instant } from '../times.ts'
import { json } from './options.ts'

const type = () => new Option('--type <type>', 'what it is').choices(TYPES).makeOptionMandatory()
const value = [
  '--value <text>',
  'the identifier; - reads it from stdin, as others on this machine may see what stands on a command line',
] as const
const VERDICTS = ['allow', 'hold', 'refuse']
const region = ['--region <country>', 'in two letters, for what does not say its own'] as const
const ownList = ['--account <name>', "on an account's own list: a name or a number (default: the operator's)"] as const
const ofSandbox = ['--sandbox', "on that of the account's sandbox"] as const
const why = ['--why <text>', 'for the audit and the proof that is kept', words] as const

/** `openhaul risk …` */
export function defineRisk(program: Command): void {
  const risk = program.command('risk').description('whom to doubt: the list that checks and orders ask')
  defineImport(risk)
  defineEntries(risk)
  defineAudit(risk)
  defineOrders(risk)
  defineDecisions(risk)
  defineDisputes(risk)
  defineKeys(risk)
}

function defineImport(risk: Command): void {
  risk
    .command('import')
    .description('list what a file says (docs/risk.md); what was listed stays when a line is bad')
    .argument('<file>', 'a .csv file with a header, or a .jsonl file with one entry a line')
    .option(...ownList)
    .option(...ofSandbox)
    .option('--source <name>', "where it comes from, on the operator's list (default: staff)")
    .option('--party <text>', 'who stands behind the source; two of one party are one opinion')
    .option(
      '--confidence <percent>',
      'how far the source is trusted, from 1 to 100 (default: as before, or 100)',
      upToHundred,
    )
    .addOption(json())
    .action(async (file, options) => (await import('../risk-import.ts')).riskImport(file, options))
}

function defineEntries(risk: Command): void {
  risk
    .command('add')
    .description('list one identifier, or note that one is allowed')
    .addOption(type())
    .requiredOption(...value)
    .option(...region)
    .addOption(new Option('--reason <code>', 'why').choices(Object.keys(REASONS)))
    .option('--allow', 'it is never doubted, whatever else is listed')
    .option('--note <text>', 'for whose list it is; others never see it', words)
    .option('--evidence <text>', 'where the proof is kept')
    .option('--date <when>', 'when it happened: a day or a moment (default: now); its age counts from there', instant)
    .option('--expires <when>', 'a day or a moment (default: by the reason)', instant)
    .option(...ownList)
    .option(...ofSandbox)
    .addOption(json())
    .action(async (options) => (await import('../risk.ts')).riskAdd(options))
  risk
    .command('remove')
    .description('erase an entry, leaving a proof without its identifier')
    .argument('<id>', 'its number, as `risk search` shows it', wholeNumber)
    .requiredOption(...why)
    .addOption(json())
    .action(async (id, options) => (await import('../risk.ts')).riskRemove(id, options))
  risk
    .command('search')
    .description('the entries of an identifier on every list; it is not printed again')
    .addOption(type())
    .requiredOption(...value)
    .option(...region)
    .addOption(json())
    .action(async (options) => (await import('../risk.ts')).riskSearch(options))
  risk
    .command('list')
    .description('the entries of a list, newest first')
    .option(...ownList)
    .option(...ofSandbox)
    .option('--before <id>', 'the page after the one that ended with it', wholeNumber)
    .option('--limit <count>', 'at most so many', upToThousand, 50)
    .addOption(json())
    .action(async (options) => (await import('../risk.ts')).riskList(options))
}

function defineAudit(risk: Command): void {
  risk
    .command('audit')
    .description('who listed, removed, imported and decided what, on all lists, newest first')
    .option('--before <id>', 'the page after the one that ended with it', wholeNumber)
    .option('--limit <count>', 'at most so many', upToThousand, 50)
    .addOption(json())
    .action(async (options) => (await import('../risk.ts')).riskAudit(options))
}

function defineOrders(risk: Command): void {
  risk
    .command('orders')
    .description('what the list said of orders, newest first; with ORDER_RISK=shadow, what would have been done')
    .addOption(new Option('--verdict <verdict>', 'only those').choices(VERDICTS))
    .option('--limit <count>', 'at most so many', upToThousand, 50)
    .addOption(json())
    .action(async (options) => (await import('../risk-orders.ts')).riskOrders(options))
  risk
    .command('report-order')
    .description("list an order's shopper because of what came of the order")
    .argument('<order>', 'its number, such as ORD-20260131-001')
    .addOption(new Option('--reason <code>', 'what came of it').choices(ORDER_REASONS).makeOptionMandatory())
    .option('--amount <yuan>', 'what it was about (default: what the order cost)', cnyAmount)
    .option('--date <when>', 'when it happened: a day or a moment (default: now)', instant)
    .addOption(json())
    .action(async (order, options) => (await import('../risk-orders.ts')).riskReportOrder(order, options))
}

function defineDecisions(risk: Command): void {
  const order = ['<order>', 'its number, such as ORD-20260131-001'] as const
  risk
    .command('clear-order')
    .description('let an order go on that waits in risk_hold')
    .argument(...order)
    .requiredOption(...why)
    .addOption(json())
    .action(async (orderNo, options) => (await import('../risk-orders.ts')).riskClearOrder(orderNo, options))
  risk
    .command('refuse-order')
    .description('cancel an order that waits in risk_hold, and give its money back')
    .argument(...order)
    .requiredOption(...why)
    .addOption(json())
    .action(async (orderNo, options) => (await import('../risk-orders.ts')).riskRefuseOrder(orderNo, options))
}

function defineDisputes(risk: Command): void {
  risk
    .command('disputes')
    .description('what listed persons object to, oldest first')
    .option('--decided', 'those that are decided, newest first')
    .option('--limit <count>', 'at most so many', upToThousand, 50)
    .addOption(json())
    .action(async (options) => (await import('../risk-disputes.ts')).riskDisputes(options))
  risk
    .command('decide')
    .description('end a dispute: its entries stay, or are erased')
    .argument('<id>', 'its number, as `risk disputes` shows it', wholeNumber)
    .option('--uphold', 'its entries stay, and count in full again')
    .option('--remove', 'its entries are erased, leaving a proof without the identifier')
    .requiredOption(...why)
    .addOption(json())
    .action(async (id, options) => (await import('../risk-disputes.ts')).riskDecide(id, options))
}

function defineKeys(risk: Command): void {
  risk
    .command('rotate-key')
    .description('begin another key for the digests of identifiers; checks go on meanwhile')
    .addOption(json())
    .action(async (options) => (await import('../risk-keys.ts')).riskRotateKey(options))
  risk
    .command('rewrap')
    .description('wrap all digests by the newest key now, as servers do little by little')
    .addOption(json())
    .action(async (options) => (await import('../risk-keys.ts')).riskRewrap(options))
  risk
    .command('forget-list')
    .description('erase the whole list with its keys, such as when they are lost; the next start makes another key')
    .requiredOption(...why)
    .option('--yes', 'without it, only says what would be erased')
    .addOption(json())
    .action(async (options) => (await import('../risk-keys.ts')).riskForgetList(options))
}
