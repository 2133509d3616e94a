import { Command, Option } from 'commander'
import { MODES, STYLES } from './access/keys/format.ts'
import {
  cnyAmount,
  commaList,
  countOrNone,
  firstOfFourPorts,
  limitOrUnlimited,
  noneToNull,
  sizeMm,
  units,
  unitsOrUnlimited,
  upToHundred,
  upToThousand,
  usdAmount,
  usdOrNone,
  wholeNumber,
} from './commands/arguments.ts'
import { report } from './commands/report.ts'
import { duration, instant, moment } from './commands/times.ts'
import { PRODUCTS } from './money/plans/catalogue.ts'
import { QC_SOURCES } from './products/qc/facts.ts'

const program = new Command('openhaul')
  .description('Any marketplace or shopping-agent link in, one normalized product out.')
  .exitOverride()
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'openhaul: ')) })
  .showSuggestionAfterError(true)
  .helpCommand(false)
  .hook('preAction', noneToNull)

const json = () => new Option('--json', 'print JSON and nothing else')

// Each command's code is loaded when it is asked for, so that a short command starts in a moment.
program
  .command('serve')
  .description('start the server (what `npm start` does)')
  .action(async () => (await import('./commands/serve.ts')).serve())

const account = program.command('account').description('accounts')
account
  .command('create')
  .description('create an account and its sandbox')
  .requiredOption('--name <name>', 'how the account is called from here on')
  .addOption(json())
  .action(async (options) => (await import('./commands/account.ts')).accountCreate(options))
account
  .command('list')
  .description('list accounts, each with its sandbox')
  .addOption(json())
  .action(async (options) => (await import('./commands/account.ts')).accountList(options))
const whose = ['--account <name>', 'a name or a number'] as const
const product = () => new Option('--product <product>', 'what it is of').choices(PRODUCTS).makeOptionMandatory()
const reason = ['--reason <text>', 'why, for the audit'] as const
account
  .command('show')
  .description('its plans, subscriptions, balances, caps and what is used')
  .requiredOption(...whose)
  .addOption(json())
  .action(async (options) => (await import('./commands/account-show.ts')).accountShow(options))
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
  .action(async (options) => (await import('./commands/account.ts')).accountCredit(options))
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
  .action(async (options) => (await import('./commands/account-plans.ts')).accountSetPlan(options))
account
  .command('cancel-plan')
  .description('end a subscription when the period that is paid for is over')
  .requiredOption(...whose)
  .addOption(product())
  .option('--add-on <id>', 'to an add-on (default: to the plan)')
  .option(...reason)
  .addOption(json())
  .action(async (options) => (await import('./commands/account-plans.ts')).accountCancelPlan(options))
account
  .command('resume-plan')
  .description('take the cancellation of a subscription back, while its period lasts')
  .requiredOption(...whose)
  .addOption(product())
  .option('--add-on <id>', 'to an add-on (default: to the plan)')
  .option(...reason)
  .addOption(json())
  .action(async (options) => (await import('./commands/account-plans.ts')).accountResumePlan(options))
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
  .action(async (options) => (await import('./commands/account-plans.ts')).accountAddOn(options))
account
  .command('set-cap')
  .description('the most that priced calls may cost in a UTC month, of an account or of one key')
  .requiredOption(...whose)
  .option('--sandbox', "of the account's sandbox")
  .option('--key <id>', 'of this key', wholeNumber)
  .option('--usd <amount>', 'in dollars; none lifts the cap', usdOrNone)
  .option('--calls <count>', 'of a key, in calls; none lifts the cap', countOrNone)
  .addOption(json())
  .action(async (options) => (await import('./commands/account.ts')).accountSetCap(options))
account
  .command('set-low-balance')
  .description('the API balance below which there is news of it')
  .requiredOption(...whose)
  .option('--sandbox', "of the account's sandbox")
  .requiredOption('--usd <amount>', 'in dollars, or none', usdOrNone)
  .addOption(json())
  .action(async (options) => (await import('./commands/account.ts')).accountSetLowBalance(options))
account
  .command('statement')
  .description('what came into and went out of its API balance, newest first')
  .requiredOption(...whose)
  .option('--sandbox', "of the account's sandbox")
  .option('--wallet', 'of its wallet')
  .option('--before <id>', 'the page after the one that named it', wholeNumber)
  .option('--limit <count>', 'at most so many', upToThousand, 50)
  .addOption(json())
  .action(async (options) => (await import('./commands/account-statement.ts')).accountStatement(options))
account
  .command('news')
  .description('what there was to tell of it and of its sandbox, newest first')
  .requiredOption(...whose)
  .option('--limit <count>', 'at most so many', upToThousand, 100)
  .addOption(json())
  .action(async (options) => (await import('./commands/account-news.ts')).accountNews(options))
account
  .command('audit')
  .description('who did what to it and to its sandbox, newest first')
  .requiredOption(...whose)
  .option('--limit <count>', 'at most so many', units, 100)
  .addOption(json())
  .action(async (options) => (await import('./commands/account.ts')).accountAudit(options))

program
  .command('ledger')
  .description('the books')
  .command('check')
  .description('prove that every balance equals its entries and every currency adds up to zero')
  .addOption(json())
  .action(async (options) => (await import('./commands/ledger.ts')).ledgerCheck(options))

const key = program.command('key').description('API keys')
const keyNumber = ['<id>', 'its number, as `key list` shows it', wholeNumber] as const
key
  .command('create')
  .description('create a key; its clear text is shown this once')
  .requiredOption('--account <name>', 'whose key it is: a name or a number')
  .addOption(new Option('--style <style>', 'the prefix it carries').choices(STYLES).makeOptionMandatory())
  .addOption(new Option('--mode <mode>', 'test keys act in the sandbox').choices(MODES).makeOptionMandatory())
  .option('--scopes <a,b>', 'what it may do (default: everything)', commaList)
  .option('--allow <networks>', 'addresses and networks it works from, a comma list (default: all)', commaList)
  .option('--label <text>', 'what it is for')
  .option('--expires <when>', 'when it ends: 30d, 12h or 2030-01-31T12:00:00Z (default: never)', moment)
  .option('--cap-calls <count>', 'calls at most in a UTC month (default: no cap of its own)', countOrNone)
  .option('--cap-usd <amount>', 'dollars at most in a UTC month (default: no cap of its own)', usdOrNone)
  .addOption(json())
  .action(async (options) => (await import('./commands/key.ts')).keyCreate(options))
key
  .command('list')
  .description('list keys, never their clear text')
  .option('--account <name>', 'only this account and its sandbox: a name or a number')
  .addOption(json())
  .action(async (options) => (await import('./commands/key.ts')).keyList(options))
key
  .command('set')
  .description("change a key's label, networks or end")
  .argument(...keyNumber)
  .option('--label <text>', 'what it is for; "" for nothing')
  .option('--allow <networks>', 'addresses and networks it works from, a comma list, or all', commaList)
  .option('--expires <when>', 'when it ends: 30d, 12h, 2030-01-31T12:00:00Z, or never', moment)
  .addOption(json())
  .action(async (id, options) => (await import('./commands/key.ts')).keySet(id, options))
key
  .command('roll')
  .description('make a key that takes the place of another; its clear text is shown this once')
  .argument(...keyNumber)
  .option('--grace <time>', 'how long the old one goes on working; 0 revokes it at once (default: 24h)', duration)
  .addOption(json())
  .action(async (id, options) => (await import('./commands/key.ts')).keyRoll(id, options))
key
  .command('disable')
  .description('switch a key off')
  .argument(...keyNumber)
  .addOption(json())
  .action(async (id, options) => (await import('./commands/key.ts')).keyDisable(id, options))
key
  .command('enable')
  .description('switch a key on again')
  .argument(...keyNumber)
  .addOption(json())
  .action(async (id, options) => (await import('./commands/key.ts')).keyEnable(id, options))
key
  .command('revoke')
  .description('end a key for good')
  .argument(...keyNumber)
  .addOption(json())
  .action(async (id, options) => (await import('./commands/key.ts')).keyRevoke(id, options))

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
  .action(async (options) => (await import('./commands/coupon.ts')).couponCreate(options))
coupon
  .command('withdraw')
  .description('end a coupon: nobody claims or uses it from here on')
  .argument('<id>', 'its number, as `coupon list` shows it', wholeNumber)
  .addOption(json())
  .action(async (id, options) => (await import('./commands/coupon.ts')).couponWithdraw(id, options))
coupon
  .command('list')
  .description('list coupons, newest first')
  .addOption(json())
  .action(async (options) => (await import('./commands/coupon.ts')).couponList(options))

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
  .action(async (options) => (await import('./commands/usage.ts')).usage(options))

program
  .command('catalog')
  .description('the product catalogue')
  .command('import')
  .description('load products from a feed file (docs/feed.md)')
  .argument('<file>', 'a .jsonl file, one product a line')
  .addOption(json())
  .action(async (file, options) => (await import('./commands/catalog.ts')).catalogImport(file, options))

const qc = program.command('qc').description('photos of the quality control of products')
const whichProduct = ['<product>', 'a link to it, or a text such as weidian/7231368393'] as const
qc.command('add')
  .description('add photos of a product: all of them, or none when one is no picture')
  .argument(...whichProduct)
  .argument('<files...>', 'JPEG, PNG, WebP or AVIF, at most 10 MB each')
  .option('--sku <id>', 'of which sku they are')
  .addOption(new Option('--source <source>', 'who took them').choices(QC_SOURCES).default('upload'))
  .option('--taken <when>', 'when: 2026-01-31T12:00:00Z, or a day', instant)
  .option('--weight <grams>', 'what was measured, in grams', wholeNumber)
  .option('--size <LxWxH>', 'what was measured, in millimetres', sizeMm)
  .option('--private', 'for staff, and for whom they give a signed address')
  .addOption(json())
  .action(async (product, files, options) => (await import('./commands/qc.ts')).qcAdd(product, files, options))
qc.command('list')
  .description('the sets of photos of a product, newest first; private ones with addresses that work for an hour')
  .argument(...whichProduct)
  .addOption(json())
  .action(async (product, options) => (await import('./commands/qc.ts')).qcList(product, options))
qc.command('remove')
  .description('remove a set of photos')
  .argument('<set>', 'its number, as `qc list` shows it', wholeNumber)
  .addOption(json())
  .action(async (set, options) => (await import('./commands/qc.ts')).qcRemove(set, options))

const index = program.command('index').description('what pictures are searched by')
index
  .command('status')
  .description('how many pictures it has, which could not be had and why, and what is still to be done')
  .addOption(json())
  .action(async (options) => (await import('./commands/search-index.ts')).indexStatus(options))
index
  .command('rebuild')
  .description('make it anew from all pictures, beside the one in use, and then use it')
  .addOption(json())
  .action(async (options) => (await import('./commands/search-index.ts')).indexRebuild(options))
index
  .command('learn')
  .description('learn from pictures of your own what others are compared by, and rebuild it with that')
  .option('--generated', 'from invented pictures, as the default was')
  .option('--from <folder>', 'from the pictures in a folder')
  .option('--count <count>', 'how many pictures at most (default: 2400)', units)
  .option('--write <file>', 'only write what was learnt into a file')
  .addOption(json())
  .action(async (options) => (await import('./commands/search-index.ts')).indexLearn(options))

program
  .command('link')
  .description('say what a link or a text points at, and convert it')
  .argument('[url]', 'a marketplace or agent link')
  .option('--file <lines>', 'read many, one a line; - reads what is piped in')
  .option('--to <agent>', 'convert for this agent, or for `all`')
  .option('--referral <policy>', 'invitation codes on what is written: none, keep, or agent:code,…', 'none')
  .addOption(json())
  .action(async (url, options) => (await import('./commands/link.ts')).link(url, options))

program
  .command('migrate')
  .description('bring the database to this version')
  .addOption(json())
  .action(async (options) => (await import('./commands/migrate.ts')).migrateCommand(options))
program
  .command('backup')
  .description('write everything into one file')
  .argument('<file>')
  .addOption(json())
  .action(async (file, options) => (await import('./commands/archive.ts')).backupCommand(file, options))
program
  .command('restore')
  .description('read a backup into an empty database')
  .argument('<file>')
  .addOption(json())
  .action(async (file, options) => (await import('./commands/archive.ts')).restoreCommand(file, options))

program
  .command('upstreams')
  .description('local servers that speak the protocols of the product sources, to try them without internet')
  .option('--port <first>', 'the first of four ports in a row; 0 picks free ones', firstOfFourPorts, 8190)
  .addOption(json())
  .action(async (options) => (await import('./commands/upstreams.ts')).upstreams(options))

program
  .command('help')
  .description('help on a command, such as `help key create`')
  .argument('[command...]')
  .action((names: string[]) => helpOn(names))

function helpOn(names: string[]): never {
  let found: Command = program
  for (const name of names) {
    const next = found.commands.find((each) => each.name() === name)
    if (!next) return program.error(`error: unknown command '${names.join(' ')}'`)
    found = next
  }
  return found.help()
}

// Whoever reads us may stop at any line, as `head` does; that is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = report(error)
}
