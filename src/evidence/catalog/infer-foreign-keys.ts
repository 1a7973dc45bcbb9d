import type { Catalog, Column, Table } from './model.js'
import { singulars, splitName, stripEnding, wordForms } from './naming.js'
import { rememberFor } from '../remember.js'
import { familyOf, isOpaque, mayReference, sameFamily, singleKey } from './reference-columns.js'
import { agentNouns, EXTERNAL, GIVERS, isActor, isGeneric, MEASURES, REPLACED } from './reference-words.js'
import { isSelfReference, TableNames } from './table-names.js'

/**
 * How a column's name leads to a table: declared elsewhere: the same column is a foreign key in another table · namespace:
 * `storage_files.blob_id` → `storage_blobs` · table: `customer_id` → `customers` · key: the same name as another table's
 * key · self: `parent_id` · role: `billing_customer_id` → `customers` · suffix: `method_id` → the only table `…_methods` ·
 * actor: `created_by` → the one table of users · link: `entity0` of `l_artist_release` → `artist` · extension: the key of
 * `artist_meta`, which hands out no values → `artist`.
 */
export type NameRule =
  | 'declared elsewhere'
  | 'namespace'
  | 'table'
  | 'key'
  | 'self'
  | 'role'
  | 'suffix'
  | 'actor'
  | 'composite'
  | 'link'
  | 'extension'

/** Columns that look like a foreign key that is not declared. */
export interface InferredForeignKey {
  readonly columns: readonly Column[]
  readonly referencedColumns: readonly Column[]
  readonly rule: NameRule
  /** 0 … 1: how often the rule is right, after what this database's declared keys say of it. */
  readonly confidence: number
  /** Other keys that are as likely; when there are any, nobody can say by name alone. */
  readonly alternatives: readonly (readonly Column[])[]
  /** Keys of other things that are called the same: rows may show that one of them is meant, names never do. */
  readonly rivals: readonly Column[]
}

/** Share of right answers of each rule over 12 databases whose keys were hidden, adjudicated by hand. */
const PRECISION: Readonly<Record<NameRule, number>> = {
  'declared elsewhere': 0.98,
  table: 0.985,
  namespace: 0.989,
  key: 0.954,
  self: 0.985,
  role: 0.97,
  suffix: 0.933,
  actor: 0.947,
  composite: 0.97,
  link: 0.97,
  extension: 0.95,
}
/** How many columns of the database at hand weigh as much as that. */
const PRIOR_WEIGHT = 20
/** Below this a name says too little. */
const LEAST_CONFIDENCE = 0.8

const namesIn = rememberFor((catalog: Catalog) => new TableNames(catalog))

/**
 * Foreign keys that names, types and keys suggest, but nobody declared; one target a column. Declared keys are labelled
 * examples of the house's style: they raise or lower the confidence in each rule.
 */
export const inferForeignKeys = rememberFor((catalog: Catalog): readonly InferredForeignKey[] => {
  const names = namesIn(catalog)
  const learned = calibrate(catalog, names)
  return catalog.tables.flatMap((table) => {
    if (table.partitionOf || table.variety === 'foreign') return []
    const declared = new Set(table.foreignKeys.flatMap(({ columns }) => columns))
    const composites = inferComposites(table, names, declared)
    const taken = new Set([...declared, ...composites.flatMap(({ columns }) => columns)])
    const single = table.columns.flatMap((column): readonly InferredForeignKey[] => {
      if (taken.has(column)) return []
      const guess = guessTarget(column, names, true)
      if (!guess) return []
      const { targets, rule } = guess
      return [
        {
          columns: [column],
          referencedColumns: [targets[0]!],
          rule,
          confidence: learned(rule),
          alternatives: targets.slice(1).map((target) => [target]),
          rivals: rule === 'actor' ? names.othersWhoAct(column, targets) : names.rivalsOf(column, targets),
        },
      ]
    })
    return [...composites, ...single].filter(({ confidence }) => confidence >= LEAST_CONFIDENCE)
  })
})

/** Columns called like the columns of another table's composite key. */
export interface OpenComposite {
  readonly columns: readonly Column[]
  readonly referencedColumns: readonly Column[]
}

/** Tables that hold all columns of another's composite key by name and type; only rows can tell that they hold its values. */
export function findOpenComposites(catalog: Catalog): readonly OpenComposite[] {
  const names = namesIn(catalog)
  const tables = catalog.tables.filter(({ partitionOf, variety }) => !partitionOf && variety !== 'foreign')
  const keyed = tables.filter(({ primaryKey }) => {
    const columns = primaryKey?.columns ?? []
    return columns.length > 1 && columns.every(({ type }) => familyOf(type.name))
  })
  return tables.flatMap((table) => {
    const byName = new Map(table.columns.map((column) => [names.wordsOf(column).join('_'), column]))
    return keyed.flatMap(({ primaryKey, ...owner }): readonly OpenComposite[] => {
      if (owner.address === table.address) return []
      const columns = primaryKey!.columns.flatMap((key) => {
        const column = byName.get(names.wordsOf(key).join('_'))
        return column && sameFamily(column, key) && !isGeneric(key.name) ? [column] : []
      })
      const isOwn = table.primaryKey?.columns.every((column) => columns.includes(column)) ?? false
      const declared = table.foreignKeys.some(
        (key) => key.columns.length > 1 && key.columns.every((column) => columns.includes(column)),
      )
      if (columns.length < primaryKey!.columns.length || isOwn || declared) return []
      return [{ columns, referencedColumns: primaryKey!.columns }]
    })
  })
}

/** A column that identifies something, though no name says what; and the keys that have its type. */
export interface OpenReference {
  readonly column: Column
  readonly keys: readonly Column[]
}

/** Columns of uuids, and of numbers that identify, which are no foreign key and lead to no table by name: rows alone can tell where. */
export function findOpenReferences(catalog: Catalog): readonly OpenReference[] {
  const names = namesIn(catalog)
  const tables = catalog.tables.filter(({ partitionOf, variety }) => !partitionOf && variety !== 'foreign')
  const keys = tables.flatMap((table) => singleKey(table) ?? [])
  const uuids = keys.filter(({ type }) => type.name === 'uuid')
  // A key that is itself a reference hands out no values.
  const numbers = keys.filter((key) => isNumber(key) && !isDeclared(key) && !guessTarget(key, names, true))
  return tables.flatMap((table) => {
    return table.columns.flatMap((column): readonly OpenReference[] => {
      const candidates = column.type.name === 'uuid' ? uuids : isNumber(column) ? numbers : []
      if (candidates.length === 0 || isDeclared(column) || !mayReference(column)) return []
      if (singleKey(table) === column) return []
      const words = names.wordsOf(column)
      const { core, ending } = stripEnding(words)
      if (isNumber(column) && (ending !== 'id' || core.length === 0)) return []
      if (EXTERNAL.has(core[0] ?? '') || names.isOfOthers(table) || typeBeside(column, words, core)) return []
      return guessTarget(column, names, true) ? [] : [{ column, keys: candidates.filter((key) => key.table !== table) }]
    })
  })
}

function isNumber({ type }: Column): boolean {
  return familyOf(type.name) === 'integer'
}

function isDeclared(column: Column): boolean {
  return column.table.foreignKeys.some(({ columns }) => columns.includes(column))
}

/** Confidence by rule: its measured precision, weighed against how it does on the keys that are declared here. */
function calibrate(catalog: Catalog, names: TableNames): (rule: NameRule) => number {
  const hits = new Map<NameRule, { right: number; all: number }>()
  for (const { columns, referencedColumns, table, inherited } of catalog.foreignKeys()) {
    const [column] = columns
    if (!column || columns.length > 1 || inherited || table.partitionOf) continue
    const guess = guessTarget(column, names, false)
    if (!guess || guess.targets.length > 1) continue
    const score = hits.get(guess.rule) ?? { right: 0, all: 0 }
    score.all++
    if (guess.targets[0]!.table === referencedColumns[0]?.table) score.right++
    hits.set(guess.rule, score)
  }
  return (rule) => {
    const { right, all } = hits.get(rule) ?? { right: 0, all: 0 }
    return Math.round(((PRIOR_WEIGHT * PRECISION[rule] + right) / (PRIOR_WEIGHT + all)) * 1000) / 1000
  }
}

interface Guess {
  readonly targets: readonly Column[]
  readonly rule: NameRule
}

/** Columns that identify something by the column's last word; the rest of the name says what. */
type Ending = 'id' | 'code' | 'none'

function guessTarget(column: Column, names: TableNames, learn: boolean): Guess | null {
  if (!mayReference(column)) return null
  const words = names.wordsOf(column)
  const { core, ending, suffix } = stripEnding(words)
  const found = (rule: NameRule, targets: readonly Column[]): Guess | null => {
    if (targets.length === 0) return null
    const unique = [...new Set(targets)].filter((target) => target !== column)
    const near = unique.filter(({ table }) => table.schema === column.table.schema)
    const chosen = near.length > 0 ? near : unique
    return chosen.length > 0 ? { rule, targets: chosen } : null
  }
  const keysOf = (tables: readonly Table[]) => tables.flatMap((table) => keyFor(table, column, ending, suffix) ?? [])
  const others = (tables: readonly Table[]) => tables.filter((table) => table !== column.table)

  // `bot_user_id` of `slack_integrations` is Slack's.
  if (!isOpaque(column) && names.isOfOthers(column.table)) return null
  const sibling = learn ? found('declared elsewhere', names.declaredTargets(column)) : null
  if (sibling) return sibling
  const wide = found('extension', names.extendedBy(column)) ?? found('link', names.linkedBy(column))
  if (wide) return wide
  if (core.length === 0) return null
  const identifies = ending !== 'none' || isOpaque(column)
  const last = core.at(-1)!
  // A plain number called `posts` counts them.
  const counts = singulars(last).length > 0
  const byName = identifies && !(ending === 'none' && (counts || (MEASURES.has(last) && core.length === 1)))
  const inNamespace = identifies && !(ending === 'none' && counts)
  const typed = typeBeside(column, words, core)
  const named = byName && found('table', keysOf(others(names.named(core))))
  if (typed) return typed === 'closed' ? named || null : null
  const direct =
    named ||
    (inNamespace && found('namespace', keysOf(others(names.inNamespaceOf(column.table, core))))) ||
    (!EXTERNAL.has(core[0]!) && found('key', keysNamedLike(column, names)))
  if (direct) return direct
  const plainCode = ending === 'code' && (suffix === 'code' || suffix === 'iso')
  if (!(ending === 'id' || plainCode || (ending === 'none' && isOpaque(column)))) return null
  if (EXTERNAL.has(core[0]!)) return null
  const identifiesFully = ending === 'id' || names.isBare
  if (ending !== 'code') {
    const renamed = REPLACED.test(core.join('_')) && ending === 'id' ? names.ancestorOf(column.table) : []
    if (renamed.length > 0) return found('self', keysOf(renamed))
    if (isSelfReference(core, column.table, names)) return found('self', keysOf([column.table]))
    if (isActor(core, words)) return found('actor', keysOf(others(names.users())))
    const agents = agentNouns(core).flatMap((noun) => names.named([noun]))
    if (agents.length > 0) return found('actor', keysOf(others(agents)))
  }
  if (ending === 'none' && !(identifiesFully && isOpaque(column) && singulars(last).length === 0)) return null
  const runTogether = names.runTogether(core)
  if (runTogether) return found('role', keysOf(runTogether))
  for (let skipped = 1; skipped < core.length; skipped++) {
    // `identity_provider_account_id` is an account there.
    if (GIVERS.has(core[skipped - 1]!)) return null
    const guess = found('role', keysOf(names.named(core.slice(skipped))))
    if (guess) return guess
  }
  for (let skipped = 1; skipped < core.length; skipped++) {
    if (ending === 'none' && MEASURES.has(core[skipped]!)) break
    const guess = found('role', keysOf(others(names.inNamespaceOf(column.table, core.slice(skipped)))))
    if (guess) return guess
  }
  if (ending === 'none') return null
  const [only, ...more] = names.endingIn(core)
  return only && more.length === 0 && core.length >= 2 ? found('suffix', keysOf(others([only]))) : null
}

/** The key of the table that a column with this ending would hold. */
function keyFor(table: Table, column: Column, ending: Ending, suffix: string | null): Column | null {
  const key = singleKey(table)
  const fits = (candidate: Column) =>
    sameFamily(candidate, column) &&
    // A number of another width, called as a table without «id», is an address or an amount itself.
    (ending !== 'none' || !isOpaque(column) || candidate.type.name === column.type.name) &&
    (ending !== 'code' || stripEnding(splitName(candidate.name)).suffix === suffix) &&
    (ending !== 'id' || isOpaque(candidate) || /(?:^|_)(?:id|uuid|guid|key)$/i.test(candidate.name))
  if (key && fits(key)) return key
  if (key && ending !== 'code') return null
  const uniques = table.uniques.flatMap(({ columns }) => (columns.length === 1 ? columns : []))
  return uniques.find(fits) ?? null
}

/** So many tables can share the name of one key. */
const MOST_KEYS = 3

/** Keys of other tables that are called like the column; text says the same thing in many places, so its table must be meant. */
function keysNamedLike(column: Column, names: TableNames): readonly Column[] {
  const tables = names.tablesWithKey(column)
  // `gid`, by which many tables are keyed, is the house's word for an identifier.
  if (tables.length === 0 || tables.length > MOST_KEYS) return []
  const { core, ending } = stripEnding(names.wordsOf(column))
  const meant = names.named(core)
  return tables.flatMap((table) => {
    const key = singleKey(table)
    const ofTable = key !== null && isCalledAfter(key, table)
    const plain = isOpaque(column) || meant.includes(table) || ofTable || (ending === 'id' && core.length > 1)
    return table !== column.table && key && plain && sameFamily(key, column) ? [key] : []
  })
}

/** `document_node` of `documents`: wherever the name stands, it is that table's. */
function isCalledAfter({ name }: Column, table: Table): boolean {
  const joined = splitName(name).join('')
  return wordForms(splitName(table.name)).some((form) => form.length > 3 && joined.startsWith(form.replaceAll('_', '')))
}

const TELLS_TYPE = /.(?:type|kind|class|table|model|entity)$/i

/**
 * Whether a column such as `subject_type` stands beside `subject_id` and says in which table to look, so that no foreign
 * key can: `open` for free text, `closed` for an enum or a number, which rather tells a kind.
 */
function typeBeside(
  { table, name }: Column,
  words: readonly string[],
  core: readonly string[],
): 'open' | 'closed' | null {
  const candidates = table.columns.filter((column) => TELLS_TYPE.test(column.name))
  if (candidates.length === 0) return null
  const stems = new Set([core.join('_'), words.join('_'), name.replace(/_?id$/i, '')])
  const beside = candidates.find((column) => {
    const match = /^(.+?)_?(?:type|kind|class|table|model|entity)$/.exec(splitName(column.name).join('_'))
    return match?.[1] !== undefined && stems.has(match[1])
  })
  if (!beside) return null
  return /^(?:text|varchar|bpchar|citext|name)$/.test(beside.type.name) ? 'open' : 'closed'
}

/** All columns of another table's composite key, found here by name; none of them a date. */
function inferComposites(
  table: Table,
  names: TableNames,
  declared: ReadonlySet<Column>,
): readonly InferredForeignKey[] {
  return names.compositeKeysNear(table).flatMap((referencedColumns): readonly InferredForeignKey[] => {
    const [{ table: referenced }] = referencedColumns as [Column, ...Column[]]
    if (referenced === table || referenced.schema !== table.schema) return []
    const child = names.isChildByName(table, referenced)
    let pointed = false
    const columns = referencedColumns.flatMap((key) => {
      const same = isGeneric(key.name) && !(child && key.name !== 'id') ? undefined : table.column(key.name)
      const named = table.columns.find((column) => {
        const { core, ending } = stripEnding(names.wordsOf(column))
        return ending === 'id' && /^(?:id|uuid|guid)$/i.test(key.name) && names.named(core).includes(referenced)
      })
      if (named) pointed = true
      const column = named ?? same
      return column && sameFamily(column, key) && mayReference(column) && !declared.has(column) ? [column] : []
    })
    if (columns.length < referencedColumns.length || new Set(columns).size < columns.length) return []
    const named = referencedColumns.some(({ name }) => !isGeneric(name))
    if (!pointed && !(child && named)) return []
    // Where each column names a table of its own, each is a reference by itself.
    const apart = columns.every((column) =>
      [
        ...names.named(stripEnding(names.wordsOf(column)).core),
        ...names.inNamespaceOf(table, names.wordsOf(column)),
      ].some((one) => one !== referenced && one !== table),
    )
    if (!pointed && apart) return []
    return [
      { columns, referencedColumns, rule: 'composite', confidence: PRECISION.composite, alternatives: [], rivals: [] },
    ]
  })
}
