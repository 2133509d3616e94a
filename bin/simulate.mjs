#!/usr/bin/env node
// Runs the simulation of shopping against the database: `--seeds` streams of events (2000), the first of which is `--seed`.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { onNode24 } from './node24.mjs'

if (onNode24(fileURLToPath(import.meta.url))) main()

function main() {
  const { values } = parseArgs({ options: { seeds: { type: 'string', default: '2000' }, seed: { type: 'string' } } })
  for (const [name, text] of Object.entries(values)) {
    if (/^[1-9]\d{0,8}$/.test(text)) continue
    console.error(`--${name} must be a whole number from 1 to 999999999`)
    process.exit(1)
  }
  const env = { ...process.env, SEEDS: values.seeds, ...(values.seed && { SEED: values.seed }) }
  const child = spawn(
    process.execPath,
    [
      '--test',
      '--test-global-setup=test/global-setup.ts',
      '--test-reporter=spec',
      'test/shopping/orders/simulation-database.test.ts',
    ],
    { cwd: fileURLToPath(new URL('..', import.meta.url)), stdio: 'inherit', env },
  )
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  // The terminal tells the child itself.
  process.on('SIGINT', () => {})
  child.on('exit', (code) => {
    process.exitCode = code ?? 1
  })
}
