import { groupBy } from './group.js'
import type { Catalog, Column, ForeignKey, Table } from './model.js'
import { splitName, stripEnding, wordForms } from './naming.js'
import {
  familyOf,
  isHandedOut,
  isOpaque,
  mayReference,
  nameAndFamily,
  sameFamily,
  singleKey,
} from './reference-columns.js'
import { isGeneric, OTHER_SYSTEMS, PREPOSITIONS, SELF } from './reference-words.js'

/** Tables of people, the likeliest to act first. */
const PEOPLE = ['user', 'account', 'person', 'staff', 'employee', 'member']

/** Last words of tables that say more of another table's rows. */
const EXTENSIONS =
  /^(?:meta|metadata|details?|info|extras?|extensions?|ext|profiles?|settings?|documentation|docs?|examples?|stats|statistics|texts?|contents?|bodies|body|attributes|properties|props|preferences|options)$/

/** Fewer columns show no habit. */
const MANY_COLUMNS = 50
const MANY_BARE = 10

/** The tables of a database by what their names mean. */
export class TableNames {
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
  readonly #mentioned = new Map<Table, number>()
  readonly #runsTogether: boolean
  /** References are called as their tables are, without `id`. */
  readonly isBare: boolean
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
    const columns = this.#tables.flatMap((table) => table.columns)
    const separated = columns.filter((column) => splitName(column.name).length > 1).length
    this.#runsTogether = columns.length >= MANY_COLUMNS && separated <= 0.05 * columns.length
    let [referring, bare] = [0, 0]
    for (const column of columns) {
      const { core, ending } = stripEnding(this.wordsOf(column))
      const others = this.named(core).filter((table) => table !== column.table)
      if (ending !== 'none')
        for (const table of others)
          if (singleKey(table)?.name !== column.name) this.#mentioned.set(table, (this.#mentioned.get(table) ?? 0) + 1)
      if (others.length === 0 || !mayReference(column) || !isOpaque(column)) continue
      referring++
      if (ending === 'none') bare++
    }
    this.isBare = bare >= MANY_BARE && bare > 0.7 * referring
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

  /** Tables keyed by a column of the same name and type, which other columns mention by the table's own name. */
  rivalsOf(column: Column, targets: readonly Column[]): readonly Column[] {
    if (isGeneric(column.name) || !targets.some(({ name }) => name === column.name)) return []
    return (this.#byKey.get(column.name) ?? []).flatMap((table) => {
      const key = singleKey(table)!
      const isOther = table !== column.table && !targets.includes(key)
      return isOther && sameFamily(key, column) && this.#mentioned.has(table) ? [key] : []
    })
  }

  /** Where a house writes its words without a separator, the tables that a name ends in: `billtoaddress` → `address`. */
  runTogether(words: readonly string[]): readonly Table[] | null {
    const [word, ...more] = words
    if (!this.#runsTogether || !word || more.length > 0) return null
    for (let first = 1; first <= word.length - 4; first++) {
      const tables = this.named([word.slice(first)])
      if (tables.length > 0) return tables
    }
    return null
  }

  /** The key that a table's own key extends: `artist_meta.id`, which hands out no values, is that of an `artist`. */
  extendedBy(column: Column): readonly Column[] {
    const { table } = column
    if (singleKey(table) !== column || !mayReference(column)) return []
    const words = this.#words.get(table) ?? []
    const mentions = (parent: Table) =>
      table.columns.some(
        (other) => other !== column && this.named(stripEnding(this.wordsOf(other)).core).includes(parent),
      )
    for (let length = words.length - 1; length > 0; length--) {
      const keys = this.named(words.slice(0, length)).flatMap((parent) => singleKey(parent) ?? [])
      const given = keys.filter((key) => key.name === column.name && sameFamily(key, column) && isHandedOut(key))
      if (given.length > 0)
        return length === words.length - 1 && EXTENSIONS.test(words.at(-1)!)
          ? given.filter((key) => !mentions(key.table))
          : []
    }
    return []
  }

  /** What one of the two like columns of a table named after two others holds: `l_artist_release (entity0, entity1)`. */
  linkedBy(column: Column): readonly Column[] {
    const match = /^(.*?)_?([012ab])$/i.exec(column.name)
    if (!match || familyOf(column.type.name) === 'text') return []
    const pair = ['01', '12', 'ab'].find((one) => {
      const twin = one.replace(match[2]!.toLowerCase(), '')
      const name = `${column.name.slice(0, -1)}${twin}`
      return twin.length === 1 && column.table.columns.some((other) => other.name.toLowerCase() === name.toLowerCase())
    })
    if (!pair) return []
    const words = this.#words.get(column.table) ?? []
    for (let from = 0; from <= Math.min(1, words.length - 2); from++) {
      const links = Array.from({ length: words.length - from - 1 }, (_, at) => from + at + 1).flatMap((middle) => {
        const [first, second] = [this.named(words.slice(from, middle)), this.named(words.slice(middle))]
        return first.length > 0 && second.length > 0
          ? [pair.indexOf(match[2]!.toLowerCase()) === 0 ? first : second]
          : []
      })
      if (links.length === 1)
        return links[0]!.flatMap((table) => singleKey(table) ?? []).filter((key) => sameFamily(key, column))
    }
    return []
  }

  /** The table that a table's name begins with. */
  ancestorOf(table: Table): readonly Table[] {
    const words = this.#words.get(table) ?? []
    for (let length = words.length - 1; length > 0; length--) {
      const found = this.named(words.slice(0, length))
      if (found.length > 0) return found
    }
    return []
  }

  /** Whether a table is about another system, such as `stripe_events`. */
  isOfOthers(table: Table): boolean {
    return this.#words.get(table)?.some((word) => OTHER_SYSTEMS.has(word)) === true
  }

  /** Keys of all tables of people, but for the likeliest. */
  othersWhoAct(column: Column, targets: readonly Column[]): readonly Column[] {
    return PEOPLE.flatMap((name) => this.named([name])).flatMap((table) => {
      const key = singleKey(table)
      return key && table !== column.table && !targets.includes(key) && sameFamily(key, column) ? [key] : []
    })
  }

  /** The tables of people who act. */
  users(): readonly Table[] {
    return PEOPLE.map((name) => this.named([name])).find((tables) => tables.length > 0) ?? []
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

/** `parent_id`, `reports_to`, `previous_invoice_id` in `invoices`. */
export function isSelfReference(core: readonly string[], table: Table, names: TableNames): boolean {
  const [first, ...rest] = core
  if (!first || !SELF.has(first)) return false
  const left = rest.filter((word) => !PREPOSITIONS.has(word))
  if (left.length > 0) return names.named(left).includes(table)
  return (
    ['parent', 'ancestor', 'root', 'reports', 'previous', 'predecessor', 'successor', 'original'].includes(first) ||
    rest.length > 0
  )
}
