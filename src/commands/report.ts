import { CommanderError } from 'commander'
import { DomainError, OperatorError } from '../lib/errors.ts'

/** Tells one clear line of what a person can mend, the whole error of a fault of ours; answers the exit code. */
export function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode
  if (error instanceof OperatorError || error instanceof DomainError) {
    process.stderr.write(`openhaul: ${error.message}\n`)
    return 1
  }
  process.stderr.write(`openhaul: a fault of ours: ${error instanceof Error ? error.stack : String(error)}\n`)
  return 70
}
