// Compiles src/ and rules/ into a fresh dist/: a stale file there would be a live rule or command. Writes down what commands there
// are and what they take, so that starting one does not load them all.
import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Config, settings } from '@oclif/core'
import { bundle } from './bundle.js'

const root = new URL('..', import.meta.url)
const folder = fileURLToPath(root)
rmSync(new URL('dist', root), { recursive: true, force: true })
execFileSync('npx', ['tsc', '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' })
await bundle(folder, fileURLToPath(new URL('dist', root)))

const manifest = new URL('oclif.manifest.json', root)
rmSync(manifest, { force: true })
settings.enableAutoTranspile = false
const { name } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'))
const { plugins } = await Config.load({ root: folder })
writeFileSync(manifest, JSON.stringify(/** @type {any} */ (plugins.get(name)).manifest))
