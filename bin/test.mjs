#!/usr/bin/env node
// Runs the tests: all of them, or the files given. Other arguments go to node's test runner as they are. The last line
// printed is "N passed, N failed", with ", N skipped" when some were.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onNode24 } from './node24.mjs'

if (onNode24(fileURLToPath(import.meta.url))) main()

function main() {
  const given = process.argv.slice(2)
  const flags = given.filter((argument) => argument.startsWith('-'))
  const files = given.filter((argument) => !argument.startsWith('-'))
  const folder = mkdtempSync(join(tmpdir(), 'openhaul-tally-'))
  const tallyFile = join(folder, 'tally.json')
  const root = fileURLToPath(new URL('..', import.meta.url))
  // Each file has a process of its own, which would strip the types of all that it imports anew.
  const NODE_COMPILE_CACHE = join(root, 'node_modules/.cache/tests')

  const child = spawn(
    process.execPath,
    [
      '--test',
      '--test-global-setup=test/global-setup.ts',
      '--test-concurrency=3',
      // Far more than any test takes: a test that hangs is a failure, not a run without end.
      '--test-timeout=300000',
      '--test-reporter=spec',
      '--test-reporter-destination=stdout',
      '--test-reporter=./bin/test-tally.mjs',
      `--test-reporter-destination=${tallyFile}`,
      ...flags,
      ...(files.length > 0 ? files : ['test/**/*.test.ts']),
    ],
    { cwd: root, env: { ...process.env, NODE_COMPILE_CACHE }, stdio: 'inherit' },
  )
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  // The terminal tells the child itself; we stay to print the tally.
  process.on('SIGINT', () => {})
  child.on('exit', (code) => {
    const tally = readTally(tallyFile)
    rmSync(folder, { recursive: true, force: true })
    process.exitCode = report(tally, code === 0)
  })
}

function readTally(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return { passed: 0, failed: 0, skipped: [] }
  }
}

function report({ passed, failed, skipped }, runnerEndedWell) {
  // A run that broke down, or that ran nothing, must not look like success.
  const failures = failed === 0 && (!runnerEndedWell || passed + skipped.length === 0) ? 1 : failed
  if (skipped.length > 0) console.log(`\nskipped:\n${skipped.map((line) => `  ${line}`).join('\n')}`)
  console.log(`\n${passed} passed, ${failures} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`)
  return failures > 0 ? 1 : 0
}
