import { groupBy } from './group.js'
import type { Catalog, Column, ForeignKey, Table } from './model.js'
import { singulars, splitName, stripEnding, wordForms } from './naming.js'

/**
 * How a column's name leads to a table: declared elsewhere: the same column is a foreign key in another table · namespace:
 * `storage_files.blob_id` → `storage_blobs` · table: `customer_id` → `customers` · key: the same name as another table's
 * key · self: `parent_id` · role: `billing_customer_id` → `customers` · suffix: `method_id` → the only table `…_methods` ·
 * actor: `created_by` → the one table of users.
 */
export type NameRule =
  'declared elsewhere' | 'namespace' | 'table' | 'key' | 'self' | 'role' | 'suffix' | 'actor' | 'composite'

/** Columns that look like a foreign key that is not declared. */
export interface InferredForeignKey {
  readonly columns: readonly Column[]
  readonly referencedColumns: readonly Column[]
  readonly rule: NameRule
  /** 0 … 1: how often the rule is right, after what this database's declared keys say of it. */
  readonly confidence: number
  /** Other keys that are as likely; when there are any, nobody can say by name alone. */
  readonly alternatives: readonly (readonly Column[])[]
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
}
/** How many columns of the database at hand weigh as much as that. */
const PRIOR_WEIGHT = 20
/** Below this a name says too little. */
const LEAST_CONFIDENCE = 0.8

/**
 * Foreign keys that names, types and keys suggest, but nobody declared; one target a column. Declared keys are labelled
 * examples of the house's style: they raise or lower the confidence in each rule.
 */
export function inferForeignKeys(catalog: Catalog): readonly InferredForeignKey[] {
  const names = new TableNames(catalog)
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
        },
      ]
    })
    return [...composites, ...single].filter(({ confidence }) => confidence >= LEAST_CONFIDENCE)
  })
}

/** Columns called like the columns of another table's composite key. */
export interface OpenComposite {
  readonly columns: readonly Column[]
  readonly referencedColumns: readonly Column[]
}

/** Tables that hold all columns of another's composite key by name and type; only rows can tell that they hold its values. */
export function findOpenComposites(catalog: Catalog): readonly OpenComposite[] {
  const names = new TableNames(catalog)
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

/** Columns of uuids that are no foreign key and lead to no table by name: rows alone can tell where. */
export function findOpenReferences(catalog: Catalog): readonly OpenReference[] {
  const names = new TableNames(catalog)
  const tables = catalog.tables.filter(({ partitionOf, variety }) => !partitionOf && variety !== 'foreign')
  const keys = tables.flatMap((table) => singleKey(table) ?? []).filter(({ type }) => type.name === 'uuid')
  return tables.flatMap((table) => {
    const declared = new Set(table.foreignKeys.flatMap(({ columns }) => columns))
    return table.columns.flatMap((column): readonly OpenReference[] => {
      if (column.type.name !== 'uuid' || declared.has(column) || !mayReference(column)) return []
      if (singleKey(table) === column) return []
      const words = names.wordsOf(column)
      const { core } = stripEnding(words)
      if (EXTERNAL.has(core[0] ?? '') || names.isOfOthers(table) || typeBeside(column, words, core)) return []
      return guessTarget(column, names, true) ? [] : [{ column, keys: keys.filter((key) => key.table !== table) }]
    })
  })
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
  if (core.length === 0) return null
  const identifies = ending !== 'none' || isOpaque(column)
  const last = core.at(-1)!
  // A plain number called `posts` counts them.
  const byName = identifies && !(ending === 'none' && (MEASURES.has(last) || singulars(last).length > 0))
  const typed = typeBeside(column, words, core)
  const named = byName && found('table', keysOf(others(names.named(core))))
  if (typed) return typed === 'closed' ? named || null : null
  const direct =
    named ||
    (byName && found('namespace', keysOf(others(names.inNamespaceOf(column.table, core))))) ||
    (!EXTERNAL.has(core[0]!) && found('key', keysNamedLike(column, names)))
  if (direct) return direct
  if (!(ending === 'id' || (ending === 'none' && isOpaque(column)))) return null
  if (EXTERNAL.has(core[0]!)) return null
  if (isSelfReference(core, column.table, names)) return found('self', keysOf([column.table]))
  if (isActor(core, words)) return found('actor', keysOf(names.users()))
  if (ending !== 'id') return null
  for (let skipped = 1; skipped < core.length; skipped++) {
    // `identity_provider_account_id` is an account there.
    if (GIVERS.has(core[skipped - 1]!)) return null
    const guess = found('role', keysOf(names.named(core.slice(skipped))))
    if (guess) return guess
  }
  for (let skipped = 1; skipped < core.length; skipped++) {
    const guess = found('role', keysOf(others(names.inNamespaceOf(column.table, core.slice(skipped)))))
    if (guess) return guess
  }
  const [only, ...more] = names.endingIn(core)
  return only && more.length === 0 && core.length >= 2 ? found('suffix', keysOf(others([only]))) : null
}

/** Of a type that keys have, its table's own, not computed, and not the number that the table gives its own rows. */
function mayReference({ type, generated, identity, inherited, default: value, table }: Column): boolean {
  if (!familyOf(type.name) || type.category === 'array' || generated || identity || inherited) return false
  if (/^nextval\(|^gen_random_uuid\(\)|uuid_generate_v\d|^uuidv[47]\(/.test(value ?? '')) return false
  return table.columns.length > 1
}

const FAMILY: Readonly<Record<string, string>> = {
  int2: 'integer',
  int4: 'integer',
  int8: 'integer',
  uuid: 'uuid',
  text: 'text',
  varchar: 'text',
  bpchar: 'text',
  citext: 'text',
}

function familyOf(type: string): string | undefined {
  return FAMILY[type]
}

function nameAndFamily({ name, type }: Column): string {
  return `${name} ${familyOf(type.name)}`
}

function sameFamily(a: Column, b: Column): boolean {
  return familyOf(a.type.name) === familyOf(b.type.name)
}

/** A number or a uuid: without a meaning of its own. */
function isOpaque({ type }: Column): boolean {
  return familyOf(type.name) !== 'text'
}

/** The key of the table that a column with this ending would hold. */
function keyFor(table: Table, column: Column, ending: Ending, suffix: string | null): Column | null {
  const key = singleKey(table)
  const fits = (candidate: Column) =>
    sameFamily(candidate, column) &&
    (ending !== 'code' || splitName(candidate.name).at(-1) === suffix) &&
    (ending !== 'id' || isOpaque(candidate) || /(?:^|_)(?:id|uuid|guid|key)$/i.test(candidate.name))
  if (key && fits(key)) return key
  if (key && ending !== 'code') return null
  const uniques = table.uniques.flatMap(({ columns }) => (columns.length === 1 ? columns : []))
  return uniques.find(fits) ?? null
}

function singleKey(table: Table): Column | null {
  const columns = table.primaryKey?.columns ?? []
  return columns.length === 1 ? columns[0]! : null
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
    const plain = isOpaque(column) || meant.includes(table) || (ending === 'id' && core.length > 1)
    return table !== column.table && key && plain && sameFamily(key, column) ? [key] : []
  })
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

const SELF = new Set(
  'parent ancestor root previous prev next original source predecessor successor supersedes superseded replaces replaced duplicate merged reports manager'.split(
    ' ',
  ),
)
const PREPOSITIONS = new Set(['by', 'to', 'of', 'into', 'from'])

/** `parent_id`, `reports_to`, `previous_invoice_id` in `invoices`. */
function isSelfReference(core: readonly string[], table: Table, names: TableNames): boolean {
  const [first, ...rest] = core
  if (!first || !SELF.has(first)) return false
  const left = rest.filter((word) => !PREPOSITIONS.has(word))
  if (left.length > 0) return names.named(left).includes(table)
  return (
    ['parent', 'ancestor', 'root', 'reports', 'previous', 'predecessor', 'successor', 'original'].includes(first) ||
    rest.length > 0
  )
}

const ACTORS = new Set(
  'owner author creator assignee reviewer approver editor updater deleter inviter uploader submitter reporter moderator granter revoker resolver admin mod'.split(
    ' ',
  ),
)

/** `created_by`, `owner_id`. */
function isActor(core: readonly string[], words: readonly string[]): boolean {
  const last = core.at(-1)!
  if (last === 'by') return core.length === 2 && core[0]!.endsWith('ed')
  return core.length <= 2 && ACTORS.has(last) && words.length > core.length
}

/** Systems that give identifiers of their own. */
const OTHER_SYSTEMS = new Set(
  'stripe paypal braintree adyen gocardless cashfree chargebee recurly zuora paddle hubspot salesforce netsuite xero quickbooks pennylane avalara anrok taxjar twilio sendgrid mailgun slack github gitlab bitbucket google facebook twitter microsoft azure aws gcp firebase auth0 okta intercom zendesk shopify'.split(
    ' ',
  ),
)

/** First words of names that another system gave. */
const EXTERNAL = new Set([
  ...OTHER_SYSTEMS,
  ...'external ext remote foreign provider gateway processor oauth saml oidc sso client legacy old upstream vendor partner psp segment apple'.split(
    ' ',
  ),
])

/** What stands behind these words, wherever in a name, is another system's. */
const GIVERS = new Set('provider external remote foreign upstream'.split(' '))

/** Names of numbers that measure or order, though a table may be called the same. */
const MEASURES = new Set(
  'rating score count total amount price quantity position version level rank size year month day week weight order sequence number priority age duration status type kind state'.split(
    ' ',
  ),
)

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
    return [{ columns, referencedColumns, rule: 'composite', confidence: PRECISION.composite, alternatives: [] }]
  })
}

function isGeneric(name: string): boolean {
  return /^(?:id|uuid|guid|key|code|name|number|no|nr|num|slug|type|value|version|position|line_no|seq|index|lang|language|locale)$/i.test(
    name,
  )
}

/** The tables of a database by what their names mean. */
class TableNames {
  readonly #words = new Map<Table, readonly string[]>()
  readonly #byForm = new Map<string, Table[]>()
  readonly #byEnding = new Map<string, Table[]>()
  readonly #named = new Map<string, readonly Table[]>()
  readonly #columnWords = new Map<string, readonly string[]>()
  readonly #byKey: Map<string, Table[]>
  readonly #byBareKey: Map<string, Table[]>
  readonly #prefixes = new Map<Table, string | null>()
  readonly #declared: Map<string, ForeignKey[]>
  readonly #namesakes = new Map<string, number>()
  readonly #tables: readonly Table[]

  constructor(catalog: Catalog) {
    this.#tables = catalog.tables.filter(({ partitionOf, variety }) => !partitionOf && variety !== 'foreign')
    for (const table of this.#tables) {
      const words = splitName(table.name)
      this.#words.set(table, words)
      for (let first = 0; first < words.length; first++) {
        const byForm = first === 0 ? this.#byForm : this.#byEnding
        for (const form of wordForms(words.slice(first))) {
          const tables = byForm.get(form)
          if (tables) tables.push(table)
          else byForm.set(form, [table])
        }
      }
      this.#prefixes.set(table, sharedPrefix(table))
      for (const column of table.columns) {
        const name = nameAndFamily(column)
        if (mayReference(column)) this.#namesakes.set(name, (this.#namesakes.get(name) ?? 0) + 1)
      }
    }
    this.#byKey = groupBy(
      this.#tables.filter((table) => singleKey(table) && !isGeneric(singleKey(table)!.name)),
      (table) => singleKey(table)!.name,
    )
    // Where each table puts a prefix of its own before all columns, `o_custkey` is the `c_custkey` of another.
    this.#byBareKey = groupBy(
      this.#tables.filter((table) => this.#prefixes.get(table) && singleKey(table)),
      (table) => this.wordsOf(singleKey(table)!).join('_'),
    )
    this.#declared = groupBy(
      catalog
        .foreignKeys()
        .filter(({ columns, table, inherited }) => columns.length === 1 && !inherited && !table.partitionOf),
      ({ columns }) => nameAndFamily(columns[0]!),
    )
  }

  /** Words of a column's name, without the prefix that all columns of its table share. */
  wordsOf({ name, table }: Column): readonly string[] {
    const prefix = this.#prefixes.get(table)
    const bare = prefix && name.startsWith(prefix) ? name.slice(prefix.length) : name
    const known = this.#columnWords.get(bare)
    if (known) return known
    const words = splitName(bare)
    this.#columnWords.set(bare, words)
    return words
  }

  /** Tables called so, in singular or plural. */
  named(words: readonly string[]): readonly Table[] {
    const key = words.join(' ')
    const known = this.#named.get(key)
    if (known) return known
    const found = [...new Set(wordForms(words).flatMap((form) => this.#byForm.get(form) ?? []))]
    this.#named.set(key, found)
    return found
  }

  /** Tables whose name is the child's first words and then these. */
  inNamespaceOf(child: Table, words: readonly string[]): readonly Table[] {
    const own = this.#words.get(child) ?? []
    for (let length = own.length; length > 0; length--) {
      const found = this.named([...own.slice(0, length), ...words]).filter((table) => table !== child)
      if (found.length > 0) return found
    }
    return []
  }

  /** Tables whose names end in these words, after others. */
  endingIn(words: readonly string[]): readonly Table[] {
    const found = new Set<Table>()
    for (const form of wordForms(words)) for (const table of this.#byEnding.get(form) ?? []) found.add(table)
    return [...found]
  }

  /** Tables whose one key column has this name; of several, those that the name is about, or that hand out its values. */
  tablesWithKey(column: Column): readonly Table[] {
    const { name } = column
    const tables = this.#byKey.get(name) ?? this.#byBareKey.get(this.wordsOf(column).join('_')) ?? []
    if (tables.length < 2) return tables
    const { core } = stripEnding(splitName(name))
    const meant = tables.filter((table) => this.named(core).includes(table))
    if (meant.length > 0) return meant
    const givers = tables.filter((table) => !mayReference(singleKey(table)!))
    return givers.length > 0 ? givers : tables
  }

  /** Where columns of the same name and type point elsewhere, when they all agree. */
  declaredTargets(column: Column): readonly Column[] {
    const name = nameAndFamily(column)
    const foreignKeys = this.#declared.get(name)
    if (!foreignKeys) return []
    const targets = new Set(foreignKeys.map(({ referencedColumns }) => referencedColumns[0]!))
    const { core, ending } = stripEnding(splitName(column.name))
    const own = isGeneric(column.name) || column.table.primaryKey?.columns.includes(column) === true
    if (targets.size !== 1 || own || core.length === 0 || isSelfReference(core, column.table, this)) return []
    // `node_id` of an archive is not that of the current nodes when there is a table of all nodes.
    const meant = this.named(core)
    // One `description` that is a key in one table says nothing of those of all others.
    const rare = foreignKeys.length < 2 || foreignKeys.length * 2 < (this.#namesakes.get(name) ?? 0)
    if (ending === 'none' && meant.length === 0 && rare) return []
    return [...targets].filter(({ table }) => table !== column.table && (meant.length === 0 || meant.includes(table)))
  }

  /** Whether a table is about another system, such as `stripe_events`. */
  isOfOthers(table: Table): boolean {
    return this.#words.get(table)?.some((word) => OTHER_SYSTEMS.has(word)) === true
  }

  /** The tables of people who act. */
  users(): readonly Table[] {
    for (const names of [['user'], ['account'], ['person'], ['staff'], ['employee'], ['member']]) {
      const found = this.named(names)
      if (found.length > 0) return found
    }
    return []
  }

  /** Composite keys of the tables that a table's name or its columns' names mention. */
  compositeKeysNear(table: Table): readonly (readonly Column[])[] {
    const own = this.#words.get(table) ?? []
    const mentioned = [
      ...own.slice(0, -1).map((_, at) => own.slice(0, at + 1)),
      ...table.columns.map((column) => stripEnding(this.wordsOf(column)).core),
    ]
    return [...new Set(mentioned.flatMap((words) => this.named(words)))].flatMap(({ primaryKey }) =>
      primaryKey && primaryKey.columns.length > 1 && primaryKey.columns.every(({ type }) => familyOf(type.name))
        ? [primaryKey.columns]
        : [],
    )
  }

  /** `invoice_lines` is a child of `invoices`. */
  isChildByName(child: Table, parent: Table): boolean {
    const own = this.#words.get(child) ?? []
    const words = this.#words.get(parent) ?? []
    return own.length > words.length && this.named(own.slice(0, words.length)).includes(parent)
  }
}

/** A prefix that nearly all columns of the table have, such as `l_`. */
function sharedPrefix({ columns }: Table): string | null {
  const prefix = /^[a-z]{1,4}_/.exec(columns[0]?.name ?? '')?.[0]
  if (!prefix || columns.length < 4) return null
  const having = columns.filter(({ name }) => name.startsWith(prefix)).length
  return having / columns.length >= 0.8 ? prefix : null
}
