import type { PartStatement } from '../parts.js'
import { nextNumbers } from './numbering.js'
import { comment, joinBlocks, NOTHING_TO_UNDO, renderAbout, renderStatements, type Writer } from './writer.js'

/** `000001_name.up.sql` beside `000001_name.down.sql`, each sent whole, which makes it one transaction (https://github.com/golang-migrate/migrate). */
export const golangMigrate: Writer = {
  name: 'golang-migrate',
  outside: 'statement',
  run: 'migrate -path FOLDER -database "$DATABASE_URL" up',
  note: 'After a failure, `migrate force` with the number of the migration before the one to run again.',
  write(parts, { files }, at) {
    const direct = files.filter((file) => !file.includes('/'))
    const numbers = nextNumbers(direct, parts.length, at, { digits: 6 })
    return parts.flatMap((part, index) => {
      const stem = `${numbers[index]}_${part.name}`
      return [
        { path: `${stem}.up.sql`, role: 'up', text: joinBlocks([renderAbout(part), renderStatements(part.up)]) },
        { path: `${stem}.down.sql`, role: 'down', text: joinBlocks([undoing(part.down)]) },
      ]
    })
  },
}

function undoing(statements: readonly PartStatement[]): string {
  return statements.length === 0 ? `${comment(NOTHING_TO_UNDO)}\nselect 1;` : renderStatements(statements)
}
