import { type Command, Option } from 'commander'
import { MODES, STYLES } from '../../access/keys/format.ts'
import { commaList, countOrNone, usdOrNone, wholeNumber } from '../arguments.ts'
import { duration, moment } from '../times.ts'
import { json } from './options.ts'

/** `openhaul key …` */
export function defineKey(program: Command): void {
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
    .action(async (options) => (await import('../key.ts')).keyCreate(options))
  key
    .command('list')
    .description('list keys, never their clear text')
    .option('--account <name>', 'only this account and its sandbox: a name or a number')
    .addOption(json())
    .action(async (options) => (await import('../key.ts')).keyList(options))
  key
    .command('set')
    .description("change a key's label, networks or end")
    .argument(...keyNumber)
    .option('--label <text>', 'what it is for; "" for nothing')
    .option('--allow <networks>', 'addresses and networks it works from, a comma list, or all', commaList)
    .option('--expires <when>', 'when it ends: 30d, 12h, 2030-01-31T12:00:00Z, or never', moment)
    .addOption(json())
    .action(async (id, options) => (await import('../key.ts')).keySet(id, options))
  key
    .command('roll')
    .description('make a key that takes the place of another; its clear text is shown this once')
    .argument(...keyNumber)
    .option('--grace <time>', 'how long the old one goes on working; 0 revokes it at once (default: 24h)', duration)
    .addOption(json())
    .action(async (id, options) => (await import('../key.ts')).keyRoll(id, options))
  key
    .command('disable')
    .description('switch a key off')
    .argument(...keyNumber)
    .addOption(json())
    .action(async (id, options) => (await import('../key.ts')).keyDisable(id, options))
  key
    .command('enable')
    .description('switch a key on again')
    .argument(...keyNumber)
    .addOption(json())
    .action(async (id, options) => (await import('../key.ts')).keyEnable(id, options))
  key
    .command('revoke')
    .description('end a key for good')
    .argument(...keyNumber)
    .addOption(json())
    .action(async (id, options) => (await import('../key.ts')).keyRevoke(id, options))
}
