import { Errors } from '@oclif/core'
import { nearest } from '../engine/nearest.js'
import { AuditError, ConfigError } from '../errors.js'
import { printableLines } from '../report/printable.js'

/** What a failure means to the person at the terminal; with `debug` the stack and the causes stand below. */
export function describeFailure(
  error: unknown,
  { debug, version }: { readonly debug: boolean; readonly version: string },
): string {
  const known = error instanceof AuditError
  const message = error instanceof Error ? error.message || error.name : String(error)
  const hint = known
    ? error.hint
    : `This is a bug in pg-billing-audit ${version}. Please report it, with what the same command prints under DEBUG=1.`
  const lines = [`Error: ${message}`, ...(hint ? [`  ${hint}`] : []), ...(debug ? ['', ...stacks(error)] : [])]
  return `${printableLines(lines.join('\n'))}\n`
}

/** An error of oclif's parser in our words: unknown flags get a suggestion, and everything points to the help. */
export function explainUsage(error: unknown, command: string, flags: readonly string[]): unknown {
  if (!(error instanceof Errors.CLIError) || error instanceof Errors.ExitError) return error
  const help = `See \`pg-billing-audit ${command} --help\`.`
  const [unknown] = (error as { readonly flags?: readonly string[] }).flags ?? []
  if (unknown !== undefined) {
    const near = nearest(unknown.replace(/^-+/, ''), flags)
    return new ConfigError(`There is no flag ${unknown}.`, {
      hint: near ? `Did you mean --${near}?` : help,
      cause: error,
    })
  }
  const [first = '', ...rest] = error.message
    .replace(/\n?See more help with --help/, '')
    .split('\n')
    .map((line) => line.trim())
  const whole = [first, ...rest].join(' ')
  const [, one, other] = /(--[\w-]+)(?:=\S+)? cannot also be provided when using (--[\w-]+)/.exec(whole) ?? []
  if (one !== undefined)
    return new ConfigError(`${other} and ${one} exclude each other.`, { hint: 'Leave one of them away.', cause: error })
  const [, flag, wanted] = /^Parsing (--[\w-]+)\s+(.*)$/.exec(whole) ?? []
  if (flag !== undefined)
    return new ConfigError(
      `${flag}: ${wanted?.replace(/^[A-Z]/, (letter) => letter.toLowerCase()).replace(/\.?$/, '.')}`,
      {
        hint: help,
        cause: error,
      },
    )
  const message = first.endsWith(':') ? `${first} ${rest.filter(Boolean).join(' ')}` : first
  return new ConfigError(/[.!?]$/.test(message) ? message : `${message}.`, { hint: help, cause: error })
}

function stacks(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return []
  const own = error.stack ?? error.message
  return error.cause === undefined ? [own] : [own, ...stacks(error.cause).map((stack) => `Caused by: ${stack}`)]
}
