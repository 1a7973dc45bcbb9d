import type { MigrationPart, PartStatement } from '../parts.js'
import { nextNumbers } from './numbering.js'
import { joinBlocks, renderAbout, renderStatement, type TargetFolder, type Writer } from './writer.js'

const AUTHOR = 'pg-billing-audit'
/** Stands behind statements; Liquibase would split at the single semicolons inside of blocks. */
const DELIMITER = ';;'
const MASTERS = /(?:^|\/)(?:db\.)?(?:changelog(?:-master)?|master|db\.changelog-master)\.(?:xml|ya?ml|json)$/

/** Formatted SQL, a change set a file: `runInTransaction:false` where need be, and `--rollback` lines (https://docs.liquibase.com). */
export const liquibase: Writer = {
  name: 'liquibase',
  outside: 'statements',
  run: 'liquibase update',
  write(parts, folder, at) {
    const names = folder.files.filter((file) => !file.includes('/'))
    const numbers = nextNumbers(names, parts.length, at, { digits: 3 })
    const prefix = names.some((name) => name.endsWith('.sql') && !/^v?\d/i.test(name)) ? 'z' : ''
    return parts.map((part, index) => ({
      path: `${prefix}${numbers[index]}_${part.name}.sql`,
      role: 'both' as const,
      text: joinBlocks(['--liquibase formatted sql', changeSet(part, `${numbers[index]}-${part.name}`)]),
    }))
  },
  advise(folder) {
    const master = folder.files.find((file) => MASTERS.test(file)) ?? parentMaster(folder)
    if (master === undefined || /includeAll/.test(folder.read(master) ?? '')) return undefined
    return `List the new files in ${master}.`
  },
}

function parentMaster({ read }: TargetFolder): string | undefined {
  return ['xml', 'yaml', 'yml', 'json']
    .flatMap((ending) =>
      ['db.changelog-master', 'changelog-master', 'changelog', 'master', 'db.changelog'].map(
        (name) => `../${name}.${ending}`,
      ),
    )
    .find((path) => read(path) !== null)
}

function changeSet(part: MigrationPart, id: string): string {
  const options = [
    ...(part.transactional ? [] : ['runInTransaction:false']),
    `endDelimiter:${DELIMITER} rollbackEndDelimiter:${DELIMITER} stripComments:false`,
  ]
  return [
    `--changeset ${AUTHOR}:${id} ${options.join(' ')}`,
    renderAbout(part),
    delimited(part.up),
    ...rollback(part.down),
  ].join('\n')
}

function delimited(statements: readonly PartStatement[]): string {
  return statements
    .map((statement) => escapeParameters(renderStatement(statement)).replace(/;$/, DELIMITER))
    .join('\n\n')
}

function rollback(statements: readonly PartStatement[]): readonly string[] {
  if (statements.length === 0) return [`--rollback select 1${DELIMITER}`]
  return delimited(statements)
    .split('\n')
    .map((line) => `--rollback ${line}`.trimEnd())
}

/** `${x}` is a parameter, `${:x}` the text itself. */
function escapeParameters(text: string): string {
  return text.replaceAll('${', '${:')
}
