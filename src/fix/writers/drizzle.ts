import type { MigrationPart } from '../parts.js'
import { nextNumbers } from './numbering.js'
import {
  comment,
  joinBlocks,
  NOTHING_TO_UNDO,
  refuseDirectives,
  renderAbout,
  renderStatement,
  renderStatements,
  type Writer,
} from './writer.js'

const JOURNAL = 'meta/_journal.json'
const BREAKPOINT = '\n--> statement-breakpoint\n'

interface Entry {
  readonly idx: number
  readonly when: number
  readonly tag: string
}

/** `0003_name.sql` and its line in the journal; all that is pending runs in one transaction (https://orm.drizzle.team/docs/migrations). */
export const drizzle: Writer = {
  name: 'drizzle',
  outside: 'nothing',
  run: 'npx drizzle-kit migrate',
  note: 'All pending migrations run in one transaction: release the phases one by one.',
  write(parts, folder, at) {
    refuseDirectives('Drizzle', parts, /--> statement-breakpoint/)
    const text = folder.read(JOURNAL)
    const journal = (text === null ? { version: '7', dialect: 'postgresql', entries: [] } : JSON.parse(text)) as {
      readonly entries: readonly Entry[]
    }
    const tags = journal.entries.map(({ tag }) => tag)
    const numbers = nextNumbers(tags, parts.length, at, { digits: 4 })
    const last = Math.max(at.getTime() - 1, ...journal.entries.map(({ when }) => when))
    const index = Math.max(-1, ...journal.entries.map(({ idx }) => idx)) + 1
    const isFirst = journal.entries.length === 0
    const added = parts.map((part, position) => ({
      idx: index + position,
      version: '7',
      when: last + 1 + position,
      tag: `${isFirst ? String(position).padStart(4, '0') : numbers[position]}_${part.name}`,
      breakpoints: true,
    }))
    return [
      ...parts.flatMap((part, position) => {
        const tag = added[position]?.tag ?? part.name
        return [
          { path: `${tag}.sql`, role: 'up' as const, text: renderUp(part) },
          { path: `${tag}.down.sql`, role: 'down' as const, text: renderDown(part) },
        ]
      }),
      {
        path: JOURNAL,
        role: 'index' as const,
        text: `${JSON.stringify({ ...journal, entries: [...journal.entries, ...added] }, null, 2)}${text?.endsWith('\n') === false ? '' : '\n'}`,
        ...(text === null ? {} : { replaces: text }),
      },
    ]
  },
}

function renderUp(part: MigrationPart): string {
  return `${renderAbout(part)}\n${part.up.map(renderStatement).join(BREAKPOINT)}\n`
}

function renderDown({ down }: MigrationPart): string {
  return joinBlocks([down.length === 0 ? comment(NOTHING_TO_UNDO) : `begin;\n\n${renderStatements(down)}\n\ncommit;`])
}
