import { quoteIdentifier } from '../../../quote.js'
import { stubFunction } from '../stand-ins/objects.js'
import { attempt, type Case, type Repair, type RepairRule } from './rule.js'

/** Functions whose library, and collations whose locale, the embedded server lacks. */
export const MISSING_LIBRARIES: readonly RepairRule[] = [
  { code: '42704', message: /^collation "(.+)" for encoding/, repair: standInCollation },
  {
    code: '0A000',
    message: /^ICU is not supported/,
    repair({ statement, sql, remarks }) {
      const name = /^create\s+collation\s+(if\s+not\s+exists\s+)?((?:"[^"]+"|\w+)(?:\.(?:"[^"]+"|\w+))?)/i.exec(sql)
      if (!name) return null
      remarks.standIn('other', `collation ${name[2]}`, 'sorts by bytes, because ICU is missing', statement.locate(0))
      return { run: `create collation ${name[1] ?? ''}${name[2]} from "C"` }
    },
  },
  { code: '58P01', message: /^could not access file/, repair: stubInstead },
  { code: '42883', message: /^could not find function ".+" in file/, repair: stubInstead },
  { code: '42883', message: /^there is no built-in function named/, repair: stubInstead },
  {
    code: '42883',
    message: /^function array_\w+\((?:any|anyarray|anyelement)/,
    repair: ({ statement, sql, remarks }) => {
      const newer = sql
        .replace(/\bany(array|element)\b/gi, 'anycompatible$1')
        .replaceAll('anycompatibleelement', 'anycompatible')
      if (newer === sql) return null
      remarks.standIn(
        'other',
        'anyarray',
        'PostgreSQL 14 renamed the argument type to anycompatiblearray',
        statement.locate(0),
      )
      return { run: newer }
    },
  },
]

async function standInCollation({ statement, sql, found, server, remarks }: Case): Promise<Repair> {
  const [first = '', ...others] = (found[1] ?? '').split('.')
  const schemas = await server.query('select 1 from pg_namespace where nspname = $1', [first])
  const qualified = schemas.length > 0 && others.length > 0
  const [schema, name] = qualified ? [first, others.join('.')] : ['public', found[1] ?? '']
  if (schema === 'pg_catalog') return null
  const error = await attempt(server, `create collation ${quoteIdentifier(schema)}.${quoteIdentifier(name)} from "C"`)
  if (error) return null
  remarks.standIn('other', `collation ${name}`, 'sorts by bytes', statement.locate(0))
  return { run: sql }
}

function stubInstead({ statement, sql, remarks }: Case): Repair {
  const stub = stubFunction(sql)
  if (!stub) return null
  remarks.standIn(
    'function',
    stub.name,
    'its library is missing; it raises an error when it is called',
    statement.locate(0),
  )
  return { run: stub.sql }
}
