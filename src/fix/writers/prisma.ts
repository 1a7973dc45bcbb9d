import { nextNumbers } from './numbering.js'
import { comment, joinBlocks, NOTHING_TO_UNDO, renderAbout, renderStatements, type Writer } from './writer.js'

/** `<time>_name/migration.sql`, sent whole, with a `down.sql` beside (https://www.prisma.io/docs/orm/prisma-migrate). */
export const prisma: Writer = {
  name: 'prisma',
  outside: 'statement',
  run: 'npx prisma migrate deploy',
  note: 'After a failure, `npx prisma migrate resolve --rolled-back NAME`; down.sql files are for psql.',
  write(parts, { files }, at) {
    const numbers = nextNumbers(files, parts.length, at, 'seconds')
    return parts.flatMap((part, index) => {
      const folder = `${numbers[index]}_${part.name}`
      const undone =
        part.down.length === 0
          ? comment(NOTHING_TO_UNDO)
          : part.transactional
            ? `begin;\n\n${renderStatements(part.down)}\n\ncommit;`
            : renderStatements(part.down)
      return [
        {
          path: `${folder}/migration.sql`,
          role: 'up',
          text: joinBlocks([renderAbout(part), renderStatements(part.up)]),
        },
        { path: `${folder}/down.sql`, role: 'down', text: joinBlocks([undone]) },
      ]
    })
  },
}
