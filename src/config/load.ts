import { readFileSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { ConfigError } from '../errors.js'
import { checkConfig } from './check.js'
import { KEY } from './find.js'
import { importCode, type Kit } from './import-code.js'
import { type KeyPath, placeInCode, readPlaced } from './place.js'
import type { Config } from './schema.js'

/** A configuration and where it was found. */
export interface LoadedConfig {
  readonly config: Config
  /** Absolute. */
  readonly path: string
  /** The line of a key, for messages. */
  locate(path: KeyPath): ReturnType<ReturnType<typeof placeInCode>>
}

/** Reads and checks a configuration. Throws ConfigError with the line of what is wrong. `kit` is what code imports as `pg-billing-audit/kit`. */
export async function loadConfig(path: string, kit: Kit): Promise<LoadedConfig> {
  const absolute = resolve(path)
  const shown = relative(process.cwd(), absolute).startsWith('..') ? absolute : relative(process.cwd(), absolute)
  const text = read(absolute, shown)
  if (/\.[cm]?[jt]s$/.test(absolute)) {
    const locate = placeInCode(shown, text)
    return { config: checkConfig(await importCode(absolute, kit), locate), path: absolute, locate }
  }
  const placed = readPlaced(shown, text)
  const prefix = absolute.endsWith('package.json') ? [KEY] : []
  const value = prefix.length > 0 ? (placed.value as Record<string, unknown> | null)?.[KEY] : (placed.value ?? {})
  const locate = (keys: KeyPath) => placed.locate([...prefix, ...keys])
  return { config: checkConfig(value, locate), path: absolute, locate }
}

function read(path: string, shown: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new ConfigError(`The configuration ${shown} cannot be read.`, { hint: (cause as Error).message, cause })
  }
}
