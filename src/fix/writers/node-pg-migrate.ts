import type { MigrationPart } from '../parts.js'
import { aboutIn, directNames, moduleStyle, type ModuleStyle, renderCalls, renderFunction } from './javascript.js'
import { nextNumbers } from './numbering.js'
import {
  comment,
  joinBlocks,
  NOTHING_TO_UNDO,
  refuseDirectives,
  renderAbout,
  renderStatements,
  type Writer,
} from './writer.js'

/**
 * `<time>_name.sql` with `-- Up Migration` and `-- Down Migration` where the folder has such and a transaction will do, else
 * JavaScript, which alone can do without one (https://salsita.github.io/node-pg-migrate/).
 */
export const nodePgMigrate: Writer = {
  name: 'node-pg-migrate',
  outside: 'statements',
  run: 'npx node-pg-migrate up --no-single-transaction -m FOLDER',
  note: 'Without --no-single-transaction it runs them all in one transaction, and holds their locks together.',
  write(parts, folder, at) {
    const names = directNames(folder)
    const numbers = nextNumbers(names, parts.length, at, 'milliseconds')
    const inSql = names.some((name) => /^\d+[_-].*\.sql$/.test(name))
    const style = moduleStyle(folder)
    if (inSql) refuseDirectives('node-pg-migrate', parts, /^\s*--[\s-]*(?:up|down)\s+migration.*/im)
    return parts.map((part, index) => {
      const stem = `${numbers[index]}_${part.name}`
      return inSql && part.transactional
        ? { path: `${stem}.sql`, role: 'both' as const, text: renderSql(part) }
        : { path: `${stem}${style.ending}`, role: 'both' as const, text: renderModule(part, style) }
    })
  },
}

function renderSql(part: MigrationPart): string {
  return joinBlocks([
    ['-- Up Migration', renderAbout(part)].join('\n'),
    renderStatements(part.up),
    '-- Down Migration',
    part.down.length === 0 ? `${comment(NOTHING_TO_UNDO)}\nselect 1;` : renderStatements(part.down),
  ])
}

function renderModule(part: MigrationPart, style: ModuleStyle): string {
  const sides = [
    { name: 'up', statements: part.up },
    { name: 'down', statements: part.down },
  ]
  return joinBlocks([
    aboutIn(part),
    ...(style.typed ? ["import type { MigrationBuilder } from 'node-pg-migrate'"] : []),
    ...sides.map(({ name, statements }) =>
      renderFunction(style, {
        name,
        parameter: 'pgm',
        type: 'MigrationBuilder',
        body: [
          ...(part.transactional || statements.length === 0 ? [] : ['pgm.noTransaction();']),
          ...(statements.length === 0
            ? [comment(NOTHING_TO_UNDO, '//')]
            : renderCalls(statements, (literal) => `pgm.sql(${literal});`)),
        ],
      }),
    ),
  ])
}
