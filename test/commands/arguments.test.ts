import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Command, InvalidArgumentError } from 'commander'
import {
  cnyAmount,
  countOrNone,
  limitOrUnlimited,
  noneToNull,
  units,
  unitsOrUnlimited,
  usdAmount,
  usdOrNone,
} from '../../src/commands/arguments.ts'

/** What the action gets of `--it TEXT`. */
async function given(read: (text: string) => unknown, text: string): Promise<unknown> {
  let got: unknown
  const program = new Command()
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .hook('preAction', noneToNull)
  program
    .command('do')
    .option('--it <text>', '', read)
    .action(({ it }) => (got = it))
  await program.parseAsync(['do', '--it', text], { from: 'user' })
  return got
}

test('numbers and amounts reach the action as numbers, and none as null', async () => {
  const rows: [read: (text: string) => unknown, text: string, value: number | null][] = [
    [usdAmount, '25.5', 25_500_000],
    [usdAmount, '0.000001', 1],
    [cnyAmount, '199.9', 19_990],
    [usdOrNone, '3', 3_000_000],
    [usdOrNone, 'none', null],
    [countOrNone, '1', 1],
    [countOrNone, 'none', null],
    [limitOrUnlimited, '60', 60],
    [limitOrUnlimited, 'unlimited', null],
    [units, '0', 0],
    [unitsOrUnlimited, '0', 0],
    [unitsOrUnlimited, 'unlimited', null],
  ]
  for (const [read, text, value] of rows) assert.equal(await given(read, text), value, `${read.name} ${text}`)
})

test('what is no amount is refused: nothing, signs, too many decimals, too much', () => {
  const rows: [read: (text: string) => unknown, texts: string[]][] = [
    [usdAmount, ['0', '0.00', '', '-5', '+5', '1.2345678', '1,5', '1e3', ' 1', '1000000000', 'none']],
    [cnyAmount, ['0', '1.999', '-1']],
    [usdOrNone, ['0', 'None', 'null', 'unlimited']],
    [countOrNone, ['0', '1.5', '-1', 'unlimited', '9'.repeat(16)]],
    [limitOrUnlimited, ['0', 'none', '']],
    [units, ['-1', '1.5', 'unlimited', 'none']],
    [unitsOrUnlimited, ['none', '-1']],
  ]
  for (const [read, texts] of rows) {
    for (const text of texts) assert.throws(() => read(text), InvalidArgumentError, `${read.name} "${text}"`)
  }
})
