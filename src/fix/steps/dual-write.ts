import type { Catalog, Column, ForeignKey, Table } from '../../evidence/catalog/model.js'
import type { Target } from '../../evidence/target.js'
import { quoteBody, quoteIdentifier } from '../../quote.js'
import { newName, quoteRelation } from '../quote.js'
import { renameCasts, replaceColumnsIn } from '../rename-columns.js'
import type { Carried } from './carried.js'
import type { KeyParts, Repointed } from './exchange-keys.js'

/** A column that gives way to one of another type. */
export interface Replacement {
  readonly column: Column
  /** The new type in SQL. */
  readonly type: string
  /** The new value in SQL from the old. */
  readonly forward: (value: string) => string
  /** The old value in SQL from the new, so that the way back stays open; null for what the old type cannot hold. */
  readonly backward: (value: string) => string
  /** `backward` may give null for a value. */
  readonly losesValues: boolean
  /** The new column's default in SQL; null for none. */
  readonly default: string | null
}

/** What is exchanged beside the columns when they are keys. */
export interface Keys {
  /** Foreign keys that are seen to by whoever asks. */
  readonly foreignKeys: ReadonlySet<ForeignKey>
  readonly repointed: readonly Repointed[]
  /** A column's name, quoted, of any table, when this one's exchange has been taken back. */
  readonly nameWhenBack: (column: Column) => string
}

/** What is known of one table's replacement. */
export interface Context {
  readonly table: Table
  readonly key: readonly Column[]
  readonly replacements: readonly Replacement[]
  /** Name of the new column until the exchange, by the column's name. */
  readonly newNames: ReadonlyMap<string, string>
  /** Name of the old column from the exchange on. */
  readonly oldNames: ReadonlyMap<string, string>
  readonly carried: Carried
  /** The new type of constants beside the new columns, by the old one. */
  readonly casts: ReadonlyMap<string, string>
  readonly target: Target
  readonly keys: (Keys & KeyParts) | null
  readonly trigger: string
  readonly forwardFunction: string
  readonly backwardFunction: string
  /** Computes what was a generated column; null where none is replaced. */
  readonly computing: { readonly routine: string; readonly trigger: string } | null
}

/** Names of the triggers and their functions. */
export function nameParts(table: Table, columns: readonly Column[], catalog: Catalog) {
  const functions = new Set(catalog.functions.filter(({ schema }) => schema === table.schema).map(({ name }) => name))
  const parts = [table.name, ...columns.map(({ name }) => name)]
  const name = (suffix: string) => quoteRelation({ schema: table.schema, name: newName(parts, suffix, functions) })
  return {
    trigger: lastTrigger(table, 'dual_write'),
    forwardFunction: name('forward'),
    backwardFunction: name('backward'),
    computing: columns.some(({ generated }) => generated)
      ? { routine: name('compute'), trigger: lastTrigger(table, 'compute') }
      : null,
  }
}

/** Triggers fire in order of their names: what others change in the row has to be seen. */
export function lastTrigger(table: Table, suffix: string): string {
  let name = newName(['zz', table.name], suffix)
  while (table.triggers.some((other) => Buffer.compare(Buffer.from(other.name), Buffer.from(name)) >= 0))
    name = `z${name.slice(0, 62)}`
  return name
}

/** What one column is called: before the exchange the old one and the new one, after it the kept one and its successor. */
export function namesOf({ column: { name } }: Replacement, { newNames, oldNames }: Context) {
  return {
    name: quoteIdentifier(name),
    added: quoteIdentifier(newNames.get(name)!),
    kept: quoteIdentifier(oldNames.get(name)!),
  }
}

/** The function that fills the new columns from the old ones. */
export function forwardDefinition(context: Context): string {
  return syncFunction(
    context.forwardFunction,
    context.replacements.map((replacement) => {
      const { added, name } = namesOf(replacement, context)
      // The server computes what is generated after all triggers.
      const value = computedAnew(replacement, context.casts, false) ?? `new.${name}`
      return `new.${added} := ${replacement.forward(value)};`
    }),
  )
}

/** The function that fills the old columns once the new ones have their names. Only what is changed is taken over: the old value may say more than can be made from the new one. */
export function backwardDefinition(context: Context): string {
  return syncFunction(
    context.backwardFunction,
    context.replacements.flatMap((replacement) => {
      const { kept, name } = namesOf(replacement, context)
      if (replacement.column.generated) return []
      return [
        `if tg_op = 'INSERT' or ${differ(`new.${name}`, `old.${name}`, replacement.type)} then`,
        `  new.${kept} := ${replacement.backward(`new.${name}`)};`,
        'end if;',
      ]
    }),
  )
}

/** The function that computes from then on what the server did before. */
export function computeDefinition(context: Context, routine: string): string {
  return syncFunction(
    routine,
    context.replacements.flatMap((replacement) => {
      const value = computedAnew(replacement, context.casts, true)
      return value === null ? [] : [`new.${namesOf(replacement, context).name} := ${value}::${replacement.type};`]
    }),
  )
}

/** A generated column's expression over the row that is written; null for another column. */
function computedAnew(
  { column: { generated } }: Replacement,
  casts: ReadonlyMap<string, string>,
  afterwards: boolean,
): string | null {
  if (!generated) return null
  const expression = replaceColumnsIn(generated.expression, (name) => `new.${quoteIdentifier(name)}`)
  return expression && `(${afterwards ? renameCasts(expression, casts) : expression})`
}

function syncFunction(name: string, lines: readonly string[]): string {
  const body = ['begin', ...lines.map((line) => `  ${line}`), '  return new;', 'end'].join('\n')
  return `create function ${name}() returns trigger language plpgsql as ${quoteBody(body)}`
}

/** json and a few other types cannot be compared but as text. */
export function differ(a: string, b: string, type: string): string {
  const compared = /^(?:json|xml|point|polygon|txid_snapshot)\b/i.test(type)
    ? (value: string) => `(${value})::text`
    : String
  return `${compared(a)} is distinct from ${compared(b)}`
}

/** Has a function see every row that is written. */
export function createTrigger(table: Table, trigger: string, routine: string): string {
  return `create trigger ${quoteIdentifier(trigger)} before insert or update on ${quoteRelation(table)} for each row execute function ${routine}()`
}

/** Takes such a trigger away, if it is there. */
export function dropTrigger(table: Table, trigger: string): string {
  return `drop trigger if exists ${quoteIdentifier(trigger)} on ${quoteRelation(table)}`
}
