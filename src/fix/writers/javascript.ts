import type { MigrationPart, PartStatement } from '../parts.js'
import { comment, renderAbout, type TargetFolder } from './writer.js'

/** How a project writes its modules. */
export interface ModuleStyle {
  /** `.js`, `.mjs`, `.cjs`, `.ts`. */
  readonly ending: string
  readonly typed: boolean
  /** `export` rather than `exports.`. */
  readonly isModule: boolean
}

/** The style of the migrations that are there, else what package.json says. */
export function moduleStyle({ files, read }: TargetFolder): ModuleStyle {
  const last = files.filter((file) => /^\d+[_-][^/]*\.[cm]?[jt]s$/.test(file) && !file.endsWith('.d.ts')).at(-1)
  const ending = last === undefined ? '.js' : last.slice(last.lastIndexOf('.'))
  const typed = ending.endsWith('ts')
  if (typed || ending === '.mjs') return { ending, typed, isModule: true }
  if (ending === '.cjs') return { ending, typed, isModule: false }
  if (last !== undefined) return { ending, typed, isModule: /^\s*export\s/m.test(read(last) ?? '') }
  const manifest = ['', '../', '../../', '../../../'].flatMap((up) => read(`${up}package.json`) ?? [])[0]
  return { ending, typed, isModule: /"type"\s*:\s*"module"/.test(manifest ?? '') }
}

/** `export async function up(knex)`, with the body indented. */
export function renderFunction(
  { typed, isModule }: ModuleStyle,
  {
    name,
    parameter,
    type,
    body,
  }: { readonly name: string; readonly parameter: string; readonly type: string; readonly body: readonly string[] },
): string {
  const head = `async function ${name}(${parameter}${typed ? `: ${type}` : ''})${typed ? ': Promise<void>' : ''} {`
  return [`${isModule ? 'export ' : `exports.${name} = `}${head}`, ...body.map((line) => `  ${line}`), '}'].join('\n')
}

/** A template literal that gives back the text, whatever it holds. */
export function templateLiteral(text: string): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('`', '\\`').replaceAll('${', '\\${').replaceAll('\r', '\\r')
  return `\`${escaped}\``
}

/** Calls that run statements, each with its comments before it. */
export function renderCalls(
  statements: readonly PartStatement[],
  call: (literal: string) => string,
): readonly string[] {
  return statements.flatMap(({ sql, comments }) => [
    ...comments.map((text) => comment(text, '//')),
    call(templateLiteral(sql)),
  ])
}

/** What is said about a part, as comment lines of JavaScript. */
export function aboutIn(part: MigrationPart): string {
  return renderAbout(part, '//')
}

/** Names of the files in the folder itself. */
export function directNames({ files }: TargetFolder): readonly string[] {
  return files.filter((file) => !file.includes('/'))
}
