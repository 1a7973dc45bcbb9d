import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigError } from '../../errors.js'
import { dropEmpty, type Settings } from './conninfo.js'
import type { Environment } from './environment.js'

/**
 * The parameters of a service: from the named file (PGSERVICEFILE) or the user's, then from the system's.
 * Null when no file defines it.
 * @see https://www.postgresql.org/docs/18/libpq-pgservice.html
 */
export function findService(name: string, file: string | undefined, environment: Environment): Settings | null {
  const { variables, homeDirectory } = environment
  const folder = variables['PGSYSCONFDIR']
  const files = [file ?? join(homeDirectory, '.pg_service.conf'), ...(folder ? [join(folder, 'pg_service.conf')] : [])]
  for (const candidate of files) {
    const service = findSection(readText(candidate, candidate === file), name, candidate)
    if (service) return dropEmpty(service)
  }
  return null
}

function readText(file: string, isRequired: boolean): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    if (!isRequired && (cause as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw new ConfigError(`The service file ${file} cannot be read.`, { hint: 'Mend PGSERVICEFILE.', cause })
  }
}

function findSection(text: string, name: string, file: string): Record<string, string> | undefined {
  let section: Record<string, string> | undefined
  for (const [number, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim()
    if (!line || line.startsWith('#')) continue
    if (line.startsWith('[')) {
      if (section) return section
      if (line === `[${name}]`) section = {}
    } else if (section) {
      const equals = line.indexOf('=')
      if (equals < 1) {
        throw new ConfigError(`${file}:${number + 1}: a line of the service "${name}" is no \`keyword=value\` pair.`)
      }
      section[line.slice(0, equals).trim()] ??= line.slice(equals + 1).trim()
    }
  }
  return section
}
