import { readFileSync } from 'node:fs'

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
