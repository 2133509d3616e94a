// Runs every benchmark, one process each, so that none warms or burdens another.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const BENCHES = ['links.ts', 'import.ts', 'lookup.ts']

for (const file of BENCHES) {
  console.log(`\n== ${file.replace('.ts', '')}`)
  const { status } = spawnSync(process.execPath, [fileURLToPath(new URL(file, import.meta.url))], { stdio: 'inherit' })
  if (status !== 0) process.exitCode = 1
}
