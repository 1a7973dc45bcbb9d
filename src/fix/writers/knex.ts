import type { MigrationPart, PartStatement } from '../parts.js'
import { aboutIn, directNames, type ModuleStyle, moduleStyle, renderCalls, renderFunction } from './javascript.js'
import { nextNumbers } from './numbering.js'
import { comment, joinBlocks, NOTHING_TO_UNDO, refuseDirectives, type Writer } from './writer.js'

/** `<time>_name.js` with `up` and `down`; `config.transaction` says whether there is one (https://knexjs.org/guide/migrations.html). */
export const knex: Writer = {
  name: 'knex',
  outside: 'statements',
  run: 'npx knex migrate:up',
  note: 'Once for each file: migrate:latest may run several in one transaction, and holds their locks together.',
  write(parts, folder, at) {
    refuseDirectives('Knex', parts, /\\\?/)
    const style = moduleStyle(folder)
    const numbers = nextNumbers(directNames(folder), parts.length, at, 'seconds')
    return parts.map((part, index) => ({
      path: `${numbers[index]}_${part.name}${style.ending}`,
      role: 'both' as const,
      text: joinBlocks([
        aboutIn(part),
        ...(style.typed ? ["import type { Knex } from 'knex'"] : []),
        `${style.isModule ? 'export const config =' : 'exports.config ='} { transaction: ${part.transactional} }`,
        renderSide(style, part, 'up', part.up),
        renderSide(style, part, 'down', part.down),
      ]),
    }))
  },
}

function renderSide(
  style: ModuleStyle,
  { transactional }: MigrationPart,
  name: string,
  statements: readonly PartStatement[],
): string {
  const raw = (on: string) => (literal: string) => `await knex.raw(${withoutBindings(literal)})${on};`
  const body =
    statements.length === 0
      ? [comment(NOTHING_TO_UNDO, '//')]
      : transactional
        ? renderCalls(statements, raw(''))
        : [
            '// One connection for all: settings are of a session.',
            'const connection = await knex.client.acquireConnection();',
            'try {',
            ...renderCalls(statements, raw('.connection(connection)')).map((line) => `  ${line}`),
            '} finally {',
            '  await knex.client.releaseConnection(connection);',
            '}',
          ]
  return renderFunction(style, { name, parameter: 'knex', type: 'Knex', body })
}

/** Knex takes every question mark for a binding. */
function withoutBindings(literal: string): string {
  return literal.replaceAll('?', '\\\\?')
}
