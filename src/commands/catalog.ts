import { statSync } from 'node:fs'
import { readConfig } from '../config.ts'
import { withCtx } from '../ctx.ts'
import { OperatorError } from '../lib/errors.ts'
import { importFeed } from '../products/catalog/import.ts'
import { print } from './print.ts'
import { openBar } from './progress.ts'

/** Kept for --json, so that memory stays flat on a file of nothing but bad lines. */
const FAULTS_KEPT_MAX = 10_000
const FAULTS_SHOWN_MAX = 20

/** Loads a feed; the first bad lines are told by number on stderr, with --json all up to 10,000 on stdout, and the exit code is 1 when there were any. */
export async function catalogImport(file: string, options: { json?: boolean }): Promise<void> {
  const size = statSync(file, { throwIfNoEntry: false })?.size
  if (size === undefined) throw new OperatorError(`There is no file ${file}.`)
  const faults: { line: number; fault: string }[] = []
  const started = performance.now()

  const result = await withCtx(readConfig(), async (ctx, signal) => {
    const bar = openBar(`Importing ${file}`, size)
    const imported = await importFeed(ctx, {
      path: file,
      signal,
      onProgress: ({ bytesRead, stored, bad }) => bar.to(bytesRead, `stored ${stored}, bad ${bad}`),
      onBadLine: (line, fault) => {
        if (faults.length < FAULTS_KEPT_MAX) faults.push({ line, fault })
      },
    })
    bar.end(`stored ${imported.stored}, bad ${imported.bad}`)
    return imported
  })

  const { linesRead, stored, changed, bad, ignoredFields } = result
  for (const { line, fault } of faults.slice(0, FAULTS_SHOWN_MAX)) process.stderr.write(`line ${line}: ${fault}\n`)
  if (bad > FAULTS_SHOWN_MAX && !options.json) {
    process.stderr.write(
      `and ${bad - FAULTS_SHOWN_MAX} more bad lines; with --json, the first ${FAULTS_KEPT_MAX} are listed under "faults"\n`,
    )
  }
  if (ignoredFields.length > 0)
    process.stderr.write(`fields that the format does not know: ${ignoredFields.join(', ')}\n`)
  const seconds = Math.round((performance.now() - started) / 100) / 10
  const value = { lines: linesRead, stored, changed, bad, seconds, faults }
  print(options, value, `${stored} products stored (${changed} new or changed), ${bad} bad lines, ${seconds} s.`)
  if (bad > 0) process.exitCode = 1
}
