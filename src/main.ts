import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { MODES, STYLES } from './access/keys/format.ts'
import { DomainError, OperatorError } from './lib/errors.ts'

const program = new Command('openhaul')
  .description('Any marketplace or shopping-agent link in, one normalized product out.')
  .exitOverride()
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'openhaul: ')) })
  .showSuggestionAfterError(true)
  .helpCommand(false)

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
  .action(async (options) => (await import('./commands/access.ts')).accountCreate(options))
account
  .command('list')
  .description('list accounts, each with its sandbox')
  .addOption(json())
  .action(async (options) => (await import('./commands/access.ts')).accountList(options))

const key = program.command('key').description('API keys')
key
  .command('create')
  .description('create a key; its clear text is shown this once')
  .requiredOption('--account <name>', 'whose key it is')
  .addOption(new Option('--style <style>', 'the prefix it carries').choices(STYLES).makeOptionMandatory())
  .addOption(new Option('--mode <mode>', 'test keys act in the sandbox').choices(MODES).makeOptionMandatory())
  .option('--scopes <a,b>', 'what it may do (default: everything)', commaList)
  .option('--allow <networks>', 'addresses and networks it works from, a comma list (default: all)', commaList)
  .addOption(json())
  .action(async (options) => (await import('./commands/access.ts')).keyCreate(options))
key
  .command('list')
  .description('list keys, never their clear text')
  .option('--account <name>', 'only this account and its sandbox')
  .addOption(json())
  .action(async (options) => (await import('./commands/access.ts')).keyList(options))
key
  .command('revoke')
  .description('end a key for good')
  .argument('<id>', 'its number, as `key list` shows it', wholeNumber)
  .addOption(json())
  .action(async (id, options) => (await import('./commands/access.ts')).keyRevoke(id, options))

program
  .command('catalog')
  .description('the product catalogue')
  .command('import')
  .description('load products from a feed file (docs/feed.md)')
  .argument('<file>', 'a .jsonl file, one product a line')
  .addOption(json())
  .action(async (file, options) => (await import('./commands/catalog.ts')).catalogImport(file, options))

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

function commaList(text: string): string[] {
  const given = text
    .split(',')
    .map((each) => each.trim())
    .filter(Boolean)
  // An empty list would be read as no limit at all, or as nothing allowed.
  if (given.length === 0) throw new InvalidArgumentError('Nothing is named; leave the option out for the default.')
  return given
}

function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('Give a whole number.')
  return Number(text)
}

function firstOfFourPorts(text: string): number {
  const port = wholeNumber(text)
  if (port > 65_532) throw new InvalidArgumentError('Give a port from 1 to 65532, or 0.')
  return port
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

/** One clear line for what a person can mend; the whole error for a fault of ours. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode
  if (error instanceof OperatorError || error instanceof DomainError) {
    process.stderr.write(`openhaul: ${error.message}\n`)
    return 1
  }
  process.stderr.write(`openhaul: a fault of ours: ${error instanceof Error ? error.stack : String(error)}\n`)
  return 70
}
