#!/usr/bin/env node
import module from 'module'
import { fileURLToPath } from 'url'
import { onNode24 } from './node24.mjs'

if (onNode24(fileURLToPath(import.meta.url))) {
  // Keeps what Node makes of the TypeScript, which halves a start. Where the folder cannot be written, it just is not kept.
  module.enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/openhaul', import.meta.url)))
  void import('../src/main.ts')
}
