import { type MigrationPart, type PartStatement } from '../parts.js'
import { nextNumbers } from './numbering.js'
import { comment, joinBlocks, NOTHING_TO_UNDO, renderAbout, renderStatements, type Writer } from './writer.js'

/** The folder of fixes where no tool has one. */
export const FOLDER = 'fixes'

/** SQL for psql: `001_expand_x.sql`, undone by `001_expand_x.down.sql`; each says itself where its transaction begins. */
export const plain: Writer = {
  name: 'plain',
  outside: 'statements',
  run: 'psql -v ON_ERROR_STOP=1 -f FILE',
  write(parts, { files }, at) {
    // A number would put them before files without one, which make what they change.
    const below = files.some((file) => /^[^/\d][^/]*\.sql$/.test(file)) ? `${FOLDER}/` : ''
    const beside = files.filter((file) => file.startsWith(below)).map((file) => file.slice(below.length))
    const numbers = nextNumbers(
      beside.filter((file) => !file.includes('/')),
      parts.length,
      at,
      { digits: 3 },
    )
    return parts.flatMap((part, index) => {
      const stem = `${below}${numbers[index]}_${part.name}`
      return [
        { path: `${stem}.sql`, role: 'up', text: joinBlocks([renderAbout(part), script(part, part.up)]) },
        { path: `${stem}.down.sql`, role: 'down', text: joinBlocks([script(part, part.down)]) },
      ]
    })
  },
}

/** Statements as psql runs them, with the transaction written out. */
export function script({ transactional }: MigrationPart, statements: readonly PartStatement[]): string {
  if (statements.length === 0) return comment(NOTHING_TO_UNDO)
  return transactional ? `begin;\n\n${renderStatements(statements)}\n\ncommit;` : renderStatements(statements)
}
