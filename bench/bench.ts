// Runs every benchmark, one process each, so that none warms or burdens another.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const BENCHES = [
  { file: 'links.ts', takes: 'about 20 seconds' },
  { file: 'import.ts', takes: 'about four minutes: 200,000 products, loaded three ways' },
  { file: 'vectors.ts', takes: 'about three minutes: a million vectors, and searches among 100,000 pictures' },
  { file: 'indexing.ts', takes: 'about seven minutes: look-ups while 10,000 pictures are indexed' },
  { file: 'door.ts', takes: 'about four minutes: look-ups and priced calls, with Valkey where there is one' },
  { file: 'orders.ts', takes: 'about two minutes: orders, beside the same statements sent bare' },
  { file: 'cart.ts', takes: 'about 20 seconds' },
  { file: 'order-lists.ts', takes: 'about two minutes: a million orders' },
  { file: 'risk-quality.ts', takes: 'about a minute: 20,000 checks of variations and of look-alikes' },
  { file: 'risk-import.ts', takes: 'about a minute: 100,000 entries, and a bare COPY of them' },
  { file: 'risk-rotation.ts', takes: 'about two minutes: checks while keys are rotated twice' },
  { file: 'risk-scale.ts', takes: 'about fifteen minutes: checks among 1,000 and 5,000,000 entries' },
]

for (const { file, takes } of BENCHES) {
  console.log(`\n== ${file.replace('.ts', '')} (${takes})`)
  const { status } = spawnSync(process.execPath, [fileURLToPath(new URL(file, import.meta.url))], { stdio: 'inherit' })
  if (status !== 0) process.exitCode = 1
}
