import { type Command, Option } from 'commander'
import { QC_SOURCES } from '../../products/qc/facts.ts'
import { sizeMm, units, wholeNumber } from '../arguments.ts'
import { instant } from '../times.ts'
import { json } from './options.ts'

/** `openhaul catalog import` and `openhaul link` */
export function defineCatalog(program: Command): void {
  program
    .command('catalog')
    .description('the product catalogue')
    .command('import')
    .description('load products from a feed file (docs/feed.md)')
    .argument('<file>', 'a .jsonl file, one product a line')
    .addOption(json())
    .action(async (file, options) => (await import('../catalog.ts')).catalogImport(file, options))

  program
    .command('link')
    .description('say what a link or a text points at, and convert it')
    .argument('[url]', 'a marketplace or agent link')
    .option('--file <lines>', 'read many, one a line; - reads what is piped in')
    .option('--to <agent>', 'convert for this agent, or for `all`')
    .option('--referral <policy>', 'invitation codes on what is written: none, keep, or agent:code,…', 'none')
    .addOption(json())
    .action(async (url, options) => (await import('../link.ts')).link(url, options))
}

/** `openhaul qc …` */
export function defineQc(program: Command): void {
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
    .action(async (product, files, options) => (await import('../qc.ts')).qcAdd(product, files, options))
  qc.command('list')
    .description('the sets of photos of a product, newest first; private ones with addresses that work for an hour')
    .argument(...whichProduct)
    .addOption(json())
    .action(async (product, options) => (await import('../qc.ts')).qcList(product, options))
  qc.command('remove')
    .description('remove a set of photos')
    .argument('<set>', 'its number, as `qc list` shows it', wholeNumber)
    .addOption(json())
    .action(async (set, options) => (await import('../qc.ts')).qcRemove(set, options))
}

/** `openhaul index …` */
export function defineIndex(program: Command): void {
  const index = program.command('index').description('what pictures are searched by')
  index
    .command('status')
    .description('how many pictures it has, which could not be had and why, and what is still to be done')
    .addOption(json())
    .action(async (options) => (await import('../search-index.ts')).indexStatus(options))
  index
    .command('rebuild')
    .description('make it anew from all pictures, beside the one in use, and then use it')
    .addOption(json())
    .action(async (options) => (await import('../search-index.ts')).indexRebuild(options))
  index
    .command('learn')
    .description('learn from pictures of your own what others are compared by, and rebuild it with that')
    .option('--generated', 'from invented pictures, as the default was')
    .option('--from <folder>', 'from the pictures in a folder')
    .option('--count <count>', 'how many pictures at most (default: 2400)', units)
    .option('--write <file>', 'only write what was learnt into a file')
    .addOption(json())
    .action(async (options) => (await import('../search-index.ts')).indexLearn(options))
}
