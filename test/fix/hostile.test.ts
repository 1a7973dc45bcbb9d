import { expect, it } from 'vitest'
import type { MigrationPart } from '../../src/fix/parts.js'
import { WRITERS } from '../../src/fix/writers/index.js'
import { quoteIdentifier } from '../../src/quote.js'
import { AT, projectOf, writerOf } from './projects.js'

const partOf = (sql: string): MigrationPart => ({
  phase: 'expand',
  name: 'expand_x',
  transactional: true,
  about: [],
  up: [{ sql, comments: ['a/b: +goose migrate: +migrate ${x} \n-- +goose Down'] }],
  down: [],
})

/** A folder in memory. */
const folderOf = (tool: string) => {
  const files = projectOf(tool, 'select 1;')
  return { files: Object.keys(files).toSorted(), read: (path: string) => files[path] ?? null }
}

const write = (tool: string, name: string) =>
  writerOf(tool).write([partOf(`drop index public.${quoteIdentifier(name)}`)], folderOf(tool), AT)

it.each([
  ['goose', 'x\n-- +goose Down\ny'],
  ['goose', 'x\r\ny'],
  ['sql-migrate', 'x\n-- +migrate Down\ny'],
  ['sql-migrate', 'x\r\ny'],
  ['dbmate', 'x\n-- migrate:down\ny'],
  ['node-pg-migrate', 'x\n-- Down Migration\ny'],
  ['drizzle', 'x--> statement-breakpoint'],
  ['liquibase', 'x\n--rollback y'],
  ['liquibase', 'x\n-- changeset a:1\ny'],
  ['liquibase', 'x\r\ny'],
  ['knex', 'x\\?'],
])('%s is not given a name that it would not read as it is: %j', (tool, name) => {
  expect(() => write(tool, name)).toThrow(/A statement holds ".*", which .* does not read as it is/)
})

it.each(WRITERS.map(({ name }) => [name]))('%s is given no line of its own in a comment', (tool) => {
  const texts = write(tool, 'x').map(({ text }) => text)
  const said = texts.flatMap((text) => text.split('\n')).filter((line) => line.includes('a/b:'))
  for (const line of said) {
    expect(line).toMatch(/^\s*(?:--|#|\/\/) a\/b: /)
    if (tool === 'goose') expect(line).not.toContain('+goose')
  }
  expect(said).toHaveLength(1)
})
