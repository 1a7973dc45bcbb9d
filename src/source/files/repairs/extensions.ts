import { quoteIdentifier } from '../../../quote.js'
import { CONTRIB, extensionOf } from '../extensions.js'
import { standInExtension } from '../stand-ins/index.js'
import { attempt, type Case, type Repair, type RepairRule, skipping } from './rule.js'

/** Extensions that are not there, or not in the version that is wanted. */
export const MISSING_EXTENSIONS: readonly RepairRule[] = [
  {
    code: '0A000',
    message: /^extension "(.+)" is not available$/,
    async repair({ statement, sql, found, server, remarks }) {
      const name = found[1] ?? ''
      if (CONTRIB.includes(name)) return null
      const { files, note } = standInExtension(name)
      await server.addExtension(name, files)
      remarks.standIn('extension', name, note, statement.locate(0))
      return { run: sql }
    },
  },
  {
    code: '22023',
    message: /^extension "(.+)" has no (?:installation script nor )?update path/,
    repair: ({ sql }) => {
      const shorter = sql.replace(/\bversion\s+(?:'[^']*'|"[^"]*"|[\w.]+)/i, ' ')
      return shorter === sql ? 'skip' : { run: shorter }
    },
  },
  {
    code: '42704',
    message: /^extension "(.+)" does not exist$/,
    repair: skipping('statement about an extension', 'the extension is not created here'),
  },
  {
    code: '42704',
    message: /^(?:operator class|type|access method|text search dictionary) "(.+?)" does not exist/,
    repair: makeExtensionOf,
  },
  { code: '42883', message: /^function ([\w."]+)\(.*\) does not exist$/, repair: makeExtensionOf },
  { code: '42883', message: /^function (\w+)\.\w+\(/, repair: skipCallOfStandIn },
  {
    code: '42710',
    message: /^extension "(.+)" already exists$/,
    repair: ({ found, remarks }) =>
      found[1] === 'plpgsql' || remarks.dropStandIn('extension', found[1] ?? '') ? 'skip' : null,
  },
]

/** A type, function or operator class shows which extension the runner has created. */
async function makeExtensionOf({ statement, sql, found, server, remarks }: Case): Promise<Repair> {
  const [object = '', schema] = (found[1] ?? '').split('.').toReversed()
  const extension = extensionOf(object)
  if (!extension) return null
  const place = ` schema ${quoteIdentifier(schema ?? 'public')}`
  const target = schema ? await attempt(server, `create schema if not exists ${quoteIdentifier(schema)}`) : null
  const error =
    target ?? (await attempt(server, `create extension if not exists ${quoteIdentifier(extension)}${place} cascade`))
  if (error) return null
  const settled = await server.query(`select 1 from pg_extension where extname = $1`, [extension])
  if (settled.length === 0) return null
  remarks.standIn('extension', extension, 'is created because its objects are used', statement.locate(0))
  return { run: sql }
}

/** `SELECT partman.create_parent(…)`: what an extension that is stood in for would do. */
async function skipCallOfStandIn({ statement, found, server, remarks }: Case): Promise<Repair> {
  if (statement.words[0] !== 'select') return null
  const schema = found[1] ?? ''
  const owners = await server.query<{ name: string }>(
    `select extname as name from pg_extension e join pg_namespace n on n.oid = extnamespace
     where extversion = '0' and (extname in ($1::text, 'pg_' || $1::text) or nspname = $1::text)`,
    [schema],
  )
  if (!owners[0]) return null
  remarks.skip(`call of ${schema}`, `the extension ${owners[0].name} is only stood in for`, statement.locate(0))
  return 'skip'
}
