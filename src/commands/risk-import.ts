import { statSync } from 'node:fs'
import { OperatorError } from '../lib/errors.ts'
import { importEntries } from '../risk/list/import.ts'
import type { Source } from '../risk/list/entries.ts'
import type { Json } from './account.ts'
import { cliActor } from './actor.ts'
import { print } from './print.ts'
import { openBar } from './progress.ts'
import { listOf, onList, type OfList } from './risk.ts'

type ImportOptions = Json & OfList & { source?: string; party?: string; confidence?: number }

/** Kept for --json, so that memory stays flat on a file of nothing but bad lines. */
const FAULTS_KEPT_MAX = 10_000
const FAULTS_SHOWN_MAX = 20
/** Names that sources of ours have. */
const OURS = /^(?:staff|orders|account \d+)$/i

/** Lists what a file says; bad lines are told by number and without what they say, and the exit code is 1 when there were any. */
export async function riskImport(file: string, options: ImportOptions): Promise<void> {
  const named = sourceOf(options)
  const size = statSync(file, { throwIfNoEntry: false })?.size
  if (size === undefined) throw new OperatorError(`There is no file ${file}.`)
  const faults: { line: number; fault: string }[] = []
  const started = performance.now()

  const result = await onList(async (ctx, signal) => {
    const { source, ...whose } = await listOf(ctx, options)
    const bar = openBar(`Importing ${file}`, size)
    const imported = await importEntries(ctx, {
      path: file,
      ...whose,
      source: named ?? source,
      actor: cliActor(),
      signal,
      onProgress: ({ bytesRead, added, refreshed, bad }) =>
        bar.to(bytesRead, `listed ${added + refreshed}, bad ${bad}`),
      onBadLine: (line, fault) => {
        if (faults.length < FAULTS_KEPT_MAX) faults.push({ line, fault })
      },
    })
    bar.end(`listed ${imported.added + imported.refreshed}, bad ${imported.bad}`)
    return imported
  })

  const { linesRead, added, refreshed, bad, ignoredFields } = result
  for (const { line, fault } of faults.slice(0, FAULTS_SHOWN_MAX)) process.stderr.write(`line ${line}: ${fault}\n`)
  if (bad > FAULTS_SHOWN_MAX && !options.json) {
    process.stderr.write(
      `and ${bad - FAULTS_SHOWN_MAX} more; with --json, the first ${FAULTS_KEPT_MAX} are listed under "faults"\n`,
    )
  }
  if (ignoredFields.length > 0)
    process.stderr.write(`fields that the format does not know: ${ignoredFields.join(', ')}\n`)
  const seconds = Math.round((performance.now() - started) / 100) / 10
  const value = { lines: linesRead, added, refreshed, bad, seconds, faults }
  print(options, value, `${added} entries added, ${refreshed} refreshed, ${bad} bad, ${seconds} s.`)
  if (bad > 0) process.exitCode = 1
}

/** The source that is named, for the operator's list; an account is the one source of its own. */
function sourceOf({ account, source: given, party, confidence }: ImportOptions): Source | null {
  const source = given?.trim()
  if (source === undefined) {
    if (party === undefined && confidence === undefined) return null
    throw new OperatorError('--party and --confidence go with --source.')
  }
  if (account !== undefined) throw new OperatorError("Give --source for the operator's list; an account has its own.")
  if (party === undefined) throw new OperatorError('Give --party: who stands behind the source.')
  if (!isName(source) || !isName(party)) throw new OperatorError('--source and --party have 1 to 100 characters each.')
  if (OURS.test(source)) throw new OperatorError(`A source of ours is called "${source}"; choose another name.`)
  return { name: source, party, confidence: confidence ?? null }
}

function isName(text: string): boolean {
  return text.trim() !== '' && text.length <= 100
}
