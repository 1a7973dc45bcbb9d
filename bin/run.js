#!/usr/bin/env node
import module from 'node:module'
import { setFlagsFromString } from 'node:v8'

try {
  // WebAssembly (the parser, the embedded server) then starts without being optimized first, which halves a scan.
  setFlagsFromString('--liftoff-only')
} catch {
  // An engine without this flag is only slower.
}

// From Node 22 on, what was compiled once is kept for the next start.
;/** @type {any} */ (module).enableCompileCache?.()

const { main } = await import(new URL('../dist/src/cli/main.js', import.meta.url).href)
await main(process.argv.slice(2), new URL('..', import.meta.url))
