import type { Command } from 'commander'
import { firstOfFourPorts } from '../arguments.ts'
import { json } from './options.ts'

/** `openhaul serve`, `migrate`, `backup`, `restore` and `upstreams` */
export function defineOperation(program: Command): void {
  program
    .command('serve')
    .description('start the server (what `npm start` does)')
    .action(async () => (await import('../serve.ts')).serve())

  program
    .command('migrate')
    .description('bring the database to this version')
    .addOption(json())
    .action(async (options) => (await import('../migrate.ts')).migrateCommand(options))
  program
    .command('backup')
    .description('write everything into one file')
    .argument('<file>')
    .addOption(json())
    .action(async (file, options) => (await import('../archive.ts')).backupCommand(file, options))
  program
    .command('restore')
    .description('read a backup into an empty database')
    .argument('<file>')
    .addOption(json())
    .action(async (file, options) => (await import('../archive.ts')).restoreCommand(file, options))

  program
    .command('upstreams')
    .description('local servers that speak the protocols of the product sources, to try them without internet')
    .option('--port <first>', 'the first of four ports in a row; 0 picks free ones', firstOfFourPorts, 8190)
    .addOption(json())
    .action(async (options) => (await import('../upstreams.ts')).upstreams(options))
}
