#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8'

try {
  // WebAssembly (the parser, the embedded server) then starts without being optimized first, which halves a scan.
  setFlagsFromString('--liftoff-only')
} catch {
  // An engine without this flag is only slower.
}

const { main } = await import(new URL('../dist/src/cli/main.js', import.meta.url).href)
await main(process.argv.slice(2), new URL('..', import.meta.url))
