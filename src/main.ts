import { Command } from 'commander'
import { noneToNull } from './commands/arguments.ts'
import { defineAccount } from './commands/definitions/account.ts'
import { defineBooks } from './commands/definitions/books.ts'
import { defineKey } from './commands/definitions/key.ts'
import { defineOperation } from './commands/definitions/operation.ts'
import { defineCatalog, defineIndex, defineQc } from './commands/definitions/products.ts'
import { defineRisk } from './commands/definitions/risk.ts'
import { defineCoupon, defineCustomer } from './commands/definitions/shopping.ts'
import { report } from './commands/report.ts'

const program = new Command('openhaul')
  .description('Any marketplace or shopping-agent link in, one normalized product out.')
  .exitOverride()
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'openhaul: ')) })
  .showSuggestionAfterError(true)
  .helpCommand(false)
  .hook('preAction', noneToNull)

// In the order of the help. Each command's code is loaded when it is asked for, so that a short command starts in a moment.
defineOperation(program)
defineAccount(program)
defineKey(program)
defineCoupon(program)
defineCustomer(program)
defineRisk(program)
defineBooks(program)
defineCatalog(program)
defineQc(program)
defineIndex(program)

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
