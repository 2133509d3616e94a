#!/usr/bin/env node
import module from 'module'
import { fileURLToPath } from 'url'
import { onNode24 } from './node24.mjs'

// Node reads files, packs and looks up names in 4 threads, and pictures are decoded there, too: up to 4 at once would keep
// everything else waiting. It counts when the first of them is started, so before anything else is loaded.
if (!process.env.UV_THREADPOOL_SIZE) process.env.UV_THREADPOOL_SIZE = '12'

if (onNode24(fileURLToPath(import.meta.url))) {
  // Keeps what Node makes of the TypeScript, which halves a start. Where the folder cannot be written, it just is not kept.
  module.enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/openhaul', import.meta.url)))
  void import('../src/main.ts')
}
