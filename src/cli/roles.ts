import { rolesOf } from '../billing/roles/roles.js'
import { ConfigError } from '../errors.js'
import type { ReportOptions } from '../report/options.js'
import { renderRoles, renderRolesJson } from '../report/roles.js'
import { type AuditInput, runAudit } from './audit-flags.js'
import type { Configuration } from './configuration.js'
import { checkOutput, writeOutput } from './output.js'

interface RolesInput extends AuditInput {
  readonly flags: AuditInput['flags'] & {
    readonly format?: readonly string[] | undefined
    readonly output?: string | undefined
  }
}

/** Writes what each table is to billing; no rule judges. Throws ConfigError for a format that it does not have. */
export async function writeRoles(
  input: RolesInput,
  configuration: Configuration,
  options: ReportOptions,
): Promise<void> {
  const [format = 'terminal', ...more] = input.flags.format ?? []
  if (more.length > 0 || (format !== 'terminal' && format !== 'json'))
    throw new ConfigError(`--roles cannot be written as ${[format, ...more].join(' and ')}.`, {
      hint: 'It has the formats terminal and json; -o names a file.',
    })
  checkOutput(input.flags.output)
  const { catalog } = await runAudit(
    input,
    { ...configuration, request: { ...configuration.request, book: [] } },
    { prove: false },
  )
  const text =
    format === 'json' ? renderRolesJson(catalog, rolesOf(catalog)) : renderRoles(catalog, rolesOf(catalog), options)
  if (input.flags.output === undefined) process.stdout.write(text)
  else writeOutput(input.flags.output, text)
}
