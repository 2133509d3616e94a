import { Option } from 'commander'
import { PRODUCTS } from '../../money/plans/catalogue.ts'

// What options of several commands are.

export const json = () => new Option('--json', 'print JSON and nothing else')
export const product = () => new Option('--product <product>', 'what it is of').choices(PRODUCTS).makeOptionMandatory()
export const whose = ['--account <name>', 'a name or a number'] as const
export const reason = ['--reason <text>', 'why, for the audit'] as const
