import type { MigrationPart, PartStatement } from '../parts.js'
import { nextNumbers, type Numbering } from './numbering.js'
import {
  comment,
  joinBlocks,
  NOTHING_TO_UNDO,
  refuseDirectives,
  renderAbout,
  renderStatement,
  type Writer,
} from './writer.js'

interface Markers {
  readonly name: string
  readonly outside: Writer['outside']
  readonly numbering: Numbering
  readonly separator: (names: readonly string[]) => string
  /** Lines that begin the file, the part to apply and the part that undoes it. */
  readonly heading: (part: MigrationPart) => string
  readonly up: (part: MigrationPart) => string
  readonly down: (part: MigrationPart) => string
  /** A statement that must not be split at its inner semicolons. */
  readonly whole: (statement: string) => string
  /** What no comment may hold. */
  readonly word: RegExp
  /** What the tool would not read as it is in a statement: lines that are its own, and ends of lines that it changes. */
  readonly directive: RegExp
  readonly run: string
  readonly note?: string
}

/** The tools take a semicolon at a line's end for a statement's, and two hyphens in a name for a comment that hides it. */
const MISREAD = /[;\n]|--/

/** A tool that keeps both directions in one file and marks them with comment lines. */
function markedWriter({ name, outside, numbering, run, note, ...marks }: Markers): Writer {
  const body = (statements: readonly PartStatement[]) =>
    statements.length === 0
      ? `${comment(NOTHING_TO_UNDO)}\nselect 1;`
      : statements
          .map(({ sql, comments }) => ({ sql, comments: comments.map((text) => text.replace(marks.word, '·')) }))
          .map((statement) =>
            MISREAD.test(statement.sql) ? marks.whole(renderStatement(statement)) : renderStatement(statement),
          )
          .join('\n\n')
  return {
    name,
    outside,
    run,
    ...(note === undefined ? {} : { note }),
    write(parts, { files }, at) {
      refuseDirectives(name, parts, marks.directive)
      const names = files.filter((file) => !file.includes('/'))
      const numbers = nextNumbers(names, parts.length, at, numbering)
      const separator = marks.separator(names)
      return parts.map((part, index) => ({
        path: `${numbers[index]}${separator}${part.name}.sql`,
        role: 'both' as const,
        text: joinBlocks([
          marks.heading(part),
          [marks.up(part), renderAbout(part)].join('\n'),
          body(part.up),
          marks.down(part),
          body(part.down),
        ]),
      }))
    },
  }
}

const underscore = () => '_'

/** `-- +goose Up`, `-- +goose Down`; `NO TRANSACTION` counts for the file (https://pressly.github.io/goose/documentation/annotations/). */
export const goose = markedWriter({
  name: 'goose',
  outside: 'statements',
  numbering: 'seconds',
  separator: underscore,
  heading: ({ transactional }) => (transactional ? '' : '-- +goose NO TRANSACTION'),
  up: () => '-- +goose Up',
  down: () => '-- +goose Down',
  whole: (statement) => `-- +goose StatementBegin\n${statement}\n-- +goose StatementEnd`,
  word: /\+goose/gi,
  directive: /^\s*--.*\+goose.*|\r\n/im,
  run: 'goose -dir FOLDER postgres "$DATABASE_URL" up',
})

/** `-- +migrate Up`, `-- +migrate Down`, each with `notransaction` where need be (https://github.com/rubenv/sql-migrate). */
export const sqlMigrate = markedWriter({
  name: 'sql-migrate',
  outside: 'statements',
  numbering: 'seconds',
  separator: (names) =>
    names.some((name) => /^\d+-/.test(name)) || !names.some((name) => /^\d+_/.test(name)) ? '-' : '_',
  heading: () => '',
  up: ({ transactional }) => `-- +migrate Up${transactional ? '' : ' notransaction'}`,
  down: ({ transactional }) => `-- +migrate Down${transactional ? '' : ' notransaction'}`,
  whole: (statement) => `-- +migrate StatementBegin\n${statement}\n-- +migrate StatementEnd`,
  word: /\+migrate/gi,
  directive: /^\s*--\s*\+migrate.*|\r\n/im,
  run: 'sql-migrate up',
})

/** `-- migrate:up`, `-- migrate:down`, with `transaction:false` where need be; each is sent whole (https://github.com/amacneil/dbmate). */
export const dbmate = markedWriter({
  name: 'dbmate',
  outside: 'statement',
  numbering: 'seconds',
  separator: underscore,
  heading: () => '',
  up: ({ transactional }) => `-- migrate:up${transactional ? '' : ' transaction:false'}`,
  down: ({ transactional }) => `-- migrate:down${transactional ? '' : ' transaction:false'}`,
  whole: (statement) => statement,
  word: /migrate:/gi,
  directive: /^\s*--\s*migrate:.*/im,
  run: 'dbmate --migrations-dir FOLDER up',
  note: 'To run the migration before a failed one again, `dbmate rollback` first.',
})
