import type { PartStatement } from '../parts.js'
import { freeNames, nextNumbers } from './numbering.js'
import { comment, joinBlocks, NOTHING_TO_UNDO, renderAbout, type TargetFolder, type Writer } from './writer.js'

const MIGRATION = /^\d+_(\w+)\.rb$/
const OLDEST_SUPPORTED = '6.1'

/** `<time>_name.rb`, a class of the same name, with `disable_ddl_transaction!` where need be (https://guides.rubyonrails.org/active_record_migrations.html). */
export const rails: Writer = {
  name: 'rails',
  outside: 'statements',
  run: 'bin/rails db:migrate',
  write(parts, folder, at) {
    const existing = folder.files.filter((file) => MIGRATION.test(file))
    const taken = new Set(existing.map((file) => MIGRATION.exec(file)?.[1]))
    const numbers = nextNumbers(existing, parts.length, at, 'seconds')
    const names = freeNames(
      parts.map(({ name }) => name),
      (name) => taken.has(name),
    )
    const version = versionOf(folder, existing)
    return parts.map((part, index) => {
      const name = names[index] ?? part.name
      return {
        path: `${numbers[index]}_${name}.rb`,
        role: 'both' as const,
        text: joinBlocks([
          renderAbout(part, '#'),
          [
            `class ${className(name)} < ActiveRecord::Migration[${version}]`,
            ...(part.transactional ? [] : ['  disable_ddl_transaction!', '']),
            ...method('up', part.up),
            '',
            ...method('down', part.down),
            'end',
          ].join('\n'),
        ]),
      }
    })
  },
}

function method(name: string, statements: readonly PartStatement[]): readonly string[] {
  const body =
    statements.length === 0
      ? [comment(NOTHING_TO_UNDO, '    #')]
      : statements.flatMap(({ sql, comments }) => [...comments.map((text) => comment(text, '    #')), heredoc(sql)])
  return [`  def ${name}`, ...body, '  end']
}

/** A heredoc that takes every character as it is; its end is a word that the text does not hold. */
function heredoc(sql: string): string {
  // In a heredoc, Ruby reads a carriage return before a line feed as nothing.
  if (sql.includes('\r')) return `    execute ${JSON.stringify(sql).replaceAll('#', '\\#')}`
  const word = ['SQL', ...Array.from({ length: 1000 }, (_, number) => `SQL${number}`)].find((one) => !sql.includes(one))
  return [`    execute <<~'${word}'`, ...sql.split('\n').map((line) => `      ${line}`), `    ${word}`].join('\n')
}

/** As Rails makes `AddNameToTable` of `add_name_to_table`. */
function className(name: string): string {
  return name
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')
}

/** The version that the newest migration names. */
function versionOf({ read }: TargetFolder, existing: readonly string[]): string {
  const named = existing.toReversed().map((file) => /ActiveRecord::Migration\[(\d+\.\d+)\]/.exec(read(file) ?? '')?.[1])
  return named.find((version) => version !== undefined) ?? OLDEST_SUPPORTED
}
