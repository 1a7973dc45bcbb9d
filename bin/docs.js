// Writes docs/commands and docs/rules anew from the compiled code: `npm run docs`.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

const root = new URL('..', import.meta.url)
const [dist] = process.argv.slice(2)
const compiled = dist ? pathToFileURL(`${dist}/`) : new URL('dist/', root)
const { renderManual } = await import(new URL('src/cli/manual.js', compiled).href)

for (const folder of ['commands', 'rules']) rmSync(new URL(`docs/${folder}`, root), { recursive: true, force: true })
for (const [path, text] of await renderManual()) {
  const file = new URL(`docs/${path}`, root)
  mkdirSync(new URL('.', file), { recursive: true })
  writeFileSync(file, text)
}
