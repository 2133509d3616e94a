#!/usr/bin/env node
// Builds the loops of picture search from their source, src/products/search/vectors/scan.wat, into scan.wasm beside it, or
// into the file given.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import wabt from 'wabt'

const source = fileURLToPath(new URL('../src/products/search/vectors/scan.wat', import.meta.url))
const target = process.argv[2] ?? source.replace(/\.wat$/, '.wasm')

const features = { simd: true, threads: true, multi_memory: true }
const module = (await wabt()).parseWat('scan.wat', readFileSync(source, 'utf8'), features)
module.validate(features)
const { buffer } = module.toBinary({})
writeFileSync(target, buffer)
console.log(`${target}: ${buffer.length} bytes`)
