import { quoteIdentifier } from '../../../quote.js'
import { parseStatement, stringsIn } from '../parse.js'
import type { StandIn } from '../model.js'

interface Making {
  /** One statement each. */
  readonly make: readonly string[]
  readonly note: string
  readonly listed: StandIn['kind']
}

/** How to make what a script expects to be there. */
export function createStandInSql(
  kind: 'role' | 'schema' | 'language' | 'tablespace' | 'wrapper' | 'publication',
  name: string,
): Making {
  const quoted = quoteIdentifier(name)
  switch (kind) {
    case 'role':
      return { make: [`create role ${quoted} superuser`], note: 'the files do not create it', listed: 'role' }
    case 'schema':
      return { make: [`create schema ${quoted}`], note: 'the files do not create it', listed: 'schema' }
    case 'language':
      return {
        make: [`create language ${quoted} handler plpgsql_call_handler`],
        note: 'functions in it are defined but cannot run',
        listed: 'language',
      }
    case 'tablespace':
      return {
        make: [
          'set allow_in_place_tablespaces = on',
          `create tablespace ${quoted} location ''`,
          'reset allow_in_place_tablespaces',
        ],
        note: 'lies in the data directory',
        listed: 'tablespace',
      }
    case 'wrapper':
      return {
        make: [`create foreign data wrapper ${quoted}`],
        note: 'foreign tables are defined but hold nothing',
        listed: 'other',
      }
    case 'publication':
      return { make: [`create publication ${quoted}`], note: 'the files do not create it', listed: 'other' }
  }
}

/** `CREATE FUNCTION` of a library as one that raises an error, with the same name, arguments and result. */
export function stubFunction(sql: string): { readonly name: string; readonly sql: string } | null {
  const parsed = parseStatement(sql)
  if (parsed?.name !== 'CreateFunctionStmt') return null
  const head = sql
    .replace(/\blanguage\s+(?:'?\w+'?|"\w+")/i, ' ')
    .replace(/\bas\s+(?:'[^']*'|\$\w*\$[^$]*\$\w*\$)\s*(?:,\s*(?:'[^']*'|\$\w*\$[^$]*\$\w*\$))?/i, ' ')
  const name = stringsIn(parsed.node['funcname']).join('.')
  return { name, sql: `${head} language plpgsql as $stand_in$ begin raise exception 'not available'; end $stand_in$` }
}
