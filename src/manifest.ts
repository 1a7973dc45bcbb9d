import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Name and version of the package that this file is part of. */
export function readManifest(): { readonly name: string; readonly version: string } {
  for (const up of ['../package.json', '../../package.json'])
    try {
      const { name, version } = JSON.parse(readFileSync(new URL(up, import.meta.url), 'utf8')) as Record<string, string>
      if (name && version) return { name, version }
    } catch {
      continue
    }
  return { name: 'pg-billing-audit', version: '0.0.0' }
}

/** Tells this build of the program from every other: by what was built or, from the sources, by when they were changed last. */
export function readBuild(): string {
  const { version } = readManifest()
  try {
    return `${version} ${readFileSync(new URL('../build-id', import.meta.url), 'utf8')}`
  } catch {
    const folder = fileURLToPath(new URL('.', import.meta.url))
    const times = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map(
      (file) => statSync(join(folder, file)).mtimeMs,
    )
    return `${version} ${Math.max(...times)}`
  }
}
