#!/usr/bin/env node
// Makes src/demo/features.bin anew; needed when the drawings or the default embedder change.
import { fileURLToPath } from 'url'
import { onNode24 } from './node24.mjs'

if (onNode24(fileURLToPath(import.meta.url))) {
  void import('../src/demo/make-features.ts').then(({ makeDemoFeatures }) => makeDemoFeatures())
}
