import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { nearest } from '../engine/nearest.js'
import type { AuditResult } from '../engine/result.js'
import { ConfigError } from '../errors.js'
import { FORMATS, type Format, renderReport } from '../report/formats.js'
import type { ReportOptions } from '../report/options.js'
import { checkOutput, writeOutput } from './output.js'

/** One report to write. */
export interface ReportTarget {
  readonly format: Format
  /** Standard output when absent. */
  readonly file: string | undefined
}

/** `name` or `name=file`, several times; the one without a file goes to `output`, or else to standard output. Throws ConfigError. */
export function chooseReports(asked: readonly string[], output: string | undefined): readonly ReportTarget[] {
  const targets = (asked.length > 0 ? asked : ['terminal']).map((one): ReportTarget => {
    const [, name = '', file] = /^([^=]*)(?:=(.*))?$/s.exec(one) ?? []
    if (file === '') throw new ConfigError(`--format ${one} names no file.`, { hint: `Write --format ${name}=FILE.` })
    return { format: findFormat(name), file }
  })
  const loose = targets.filter(({ file }) => file === undefined)
  if (loose.length > 1) {
    throw new ConfigError(`${loose.map(({ format }) => format).join(' and ')} cannot both go to standard output.`, {
      hint: `Give all but one a file: --format ${loose[1]?.format ?? ''}=FILE.`,
    })
  }
  if (output !== undefined && loose.length === 0)
    throw new ConfigError('-o has no report to write: every format names its file.', { hint: 'Leave -o away.' })
  const chosen = targets.map(({ format, file }) => ({ format, file: file ?? output }))
  const files = chosen.flatMap(({ file }) => (file === undefined ? [] : resolve(file)))
  const twice = files.find((file, at) => files.indexOf(file) !== at)
  if (twice !== undefined)
    throw new ConfigError(`Two reports would go to ${twice}.`, { hint: 'Give each a file of its own.' })
  for (const { file } of chosen) checkOutput(file)
  return chosen
}

function findFormat(name: string): Format {
  const format = FORMATS.find((one) => one === name)
  if (format) return format
  const near = nearest(name, FORMATS)
  throw new ConfigError(`There is no format «${name}».`, {
    hint: near ? `Did you mean «${near}»?` : `Formats: ${FORMATS.join(', ')}.`,
  })
}

/** Writes every report; files first, so that what stands on the terminal is the end. */
export async function writeReports(
  targets: readonly ReportTarget[],
  result: AuditResult,
  look: (file: string | undefined) => ReportOptions,
): Promise<void> {
  const sources = targets.some(({ format }) => format === 'terminal') ? readSources(result) : new Map<string, never>()
  for (const { format, file } of targets.toSorted((a, b) => Number(!a.file) - Number(!b.file))) {
    const text = await renderReport(format, result, { ...look(file), sources })
    if (file === undefined) process.stdout.write(text)
    else writeOutput(file, text)
  }
}

/** The lines of the files that findings stand in; a file that is gone by now has none. */
function readSources({ findings }: AuditResult): ReadonlyMap<string, readonly string[]> {
  const files = new Set(findings.flatMap(({ location }) => location?.file ?? []))
  return new Map(
    [...files].map((file) => {
      try {
        return [file, file.endsWith('.gz') ? [] : readFileSync(resolve(file), 'utf8').split('\n')]
      } catch {
        return [file, []]
      }
    }),
  )
}
