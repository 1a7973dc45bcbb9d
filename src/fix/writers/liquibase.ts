import type { MigrationPart, PartStatement } from '../parts.js'
import { nextNumbers } from './numbering.js'
import { joinBlocks, refuseDirectives, renderAbout, renderStatement, type TargetFolder, type Writer } from './writer.js'

const AUTHOR = 'pg-billing-audit'
/** Lines that mean something to Liquibase, and ends of lines that it changes. */
const DIRECTIVE =
  /^\s*--\s*(?:liquibase|changeset|rollback|property|preconditions?|precondition-|comment|validchecksum|ignore)\b.*|\r\n/im
const MASTERS = /(?:^|\/)(?:db\.)?(?:changelog(?:-master)?|master|db\.changelog-master)\.(?:xml|ya?ml|json)$/

/** Formatted SQL, a change set a file: `runInTransaction:false` where need be, and `--rollback` lines (https://docs.liquibase.com). */
export const liquibase: Writer = {
  name: 'liquibase',
  outside: 'statements',
  run: 'liquibase update',
  write(parts, folder, at) {
    refuseDirectives('Liquibase', parts, DIRECTIVE)
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
  const end = delimiterOf([...part.up, ...part.down])
  const options = [
    ...(part.transactional ? [] : ['runInTransaction:false']),
    `endDelimiter:${end} rollbackEndDelimiter:${end} stripComments:false`,
  ]
  const undone = part.down.length === 0 ? `select 1${end}` : delimited(part.down, end)
  return [
    `--changeset ${AUTHOR}:${id} ${options.join(' ')}`,
    renderAbout(part),
    delimited(part.up, end),
    ...undone.split('\n').map((line) => `--rollback ${line}`.trimEnd()),
  ].join('\n')
}

/** What stands behind statements: Liquibase would split at the single semicolons inside of blocks. */
function delimiterOf(statements: readonly PartStatement[]): string {
  for (let end = ';;'; ; end += ';') if (!statements.some(({ sql }) => sql.includes(end))) return end
}

function delimited(statements: readonly PartStatement[], end: string): string {
  return statements
    .map((statement) => escapeParameters(renderStatement(statement)).replace(/;$/, () => end))
    .join('\n\n')
}

/** `${x}` is a parameter, `${:x}` the text itself. */
function escapeParameters(text: string): string {
  return text.replaceAll('${', '${:')
}
