import { progress } from '@clack/prompts'
import { readConfig } from '../config.ts'
import { withCtx } from '../ctx.ts'
import { importFeed, type ImportProgress } from '../products/catalog/import.ts'
import { print } from './print.ts'

const BAD_LINES_SHOWN_MAX = 20
