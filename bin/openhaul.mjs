#!/usr/bin/env node
import { fileURLToPath } from 'url'
import { onNode24 } from './node24.mjs'

if (onNode24(fileURLToPath(import.meta.url))) void import('../src/main.ts')
