import type { Column } from '../../evidence/catalog/model.js'
import { quoteBody, quoteIdentifier, quoteLiteral } from '../../quote.js'

/** A key of each JSON object that becomes a column of its own. */
export interface ElementColumn {
  readonly key: string
  /** The column's name, unquoted. */
  readonly name: string
  /** The column's type in SQL: a number, boolean, text, date, time or uuid. */
  readonly type: string
  /** How the key's value is written in JSON; default `string` unless the type is a number or a boolean. */
  readonly writtenAs?: 'number' | 'boolean' | 'string'
  /** An element without it is rejected. */
  readonly notNull: boolean
  /** The key of another table that it is meant to be. */
  readonly references?: Column
}

/** A condition that each element must meet: SQL over its columns, each written as `of` says. */
export interface ElementCheck {
  /** Names of the columns that it reads. */
  readonly columns: readonly string[]
  readonly condition: (of: (name: string) => string) => string
}

const NUMBER = /^(?:smallint|integer|bigint|int2|int4|int8|real|double precision|float4|float8|numeric|decimal)\b/i
const BOOLEAN = /^bool(?:ean)?\b/i

/** What a text must look like to be all of a value: what these types would silently leave out, or add, is no such value. */
const EXACT_TEXTS: readonly (readonly [RegExp, string])[] = [
  [/^(?:timestamptz|timestamp(?: ?\(\d\))? with time zone)/i, '[0-9](Z|[+-][0-9]{2}(:?[0-9]{2})?)$'],
  [/^timestamp/i, '^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]+)?$'],
  [/^date$/i, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'],
]

/** How a key's value is written in JSON. */
export function writtenAs({ type, writtenAs: told }: ElementColumn): 'number' | 'boolean' | 'string' {
  return told ?? (NUMBER.test(type) ? 'number' : BOOLEAN.test(type) ? 'boolean' : 'string')
}

/**
 * A function that takes a JSON element apart: a value for each column, what is left of the element, and null; or, where the element
 * does not fit without loss, nulls and the reason. It never fails.
 */
export function defineTakingApart(
  name: string,
  columns: readonly ElementColumn[],
  checks: readonly ElementCheck[],
): string {
  // Parameters are called by number, so that no name of a column can mean something else.
  const parameter = (at: number) => `$${at + 2}`
  const [rest, reason] = [parameter(columns.length), parameter(columns.length + 1)]
  const parameters = ['jsonb', ...columns.map(({ type }) => `out ${type}`), 'out jsonb', 'out text']
  const refuse = (why: string) => `${reason} := coalesce(${reason}, ${quoteLiteral(why)});`
  const lines = columns.flatMap((column, at) => readKey(column, parameter(at), refuse))
  const of = (wanted: string) => parameter(columns.findIndex((column) => column.name === wanted))
  const body = [
    'begin',
    `  if pg_catalog.jsonb_typeof($1) is distinct from 'object' then`,
    `    ${refuse('it is no object')}`,
    '    return;',
    '  end if;',
    '  begin',
    ...lines.map((line) => `    ${line}`),
    ...checks.map(
      ({ columns: read, condition }) =>
        `    if not (${condition(of)}) then ${refuse(`${read.join(', ')}: the condition does not hold`)} end if;`,
    ),
    '  exception when data_exception then',
    `    ${reason} := sqlerrm;`,
    '  end;',
    `  if ${reason} is not null then`,
    ...columns.map((_, at) => `    ${parameter(at)} := null;`),
    '  else',
    `    ${rest} := $1${columns.map(({ key }, at) => ` - case when ${parameter(at)} is null then '{}'::text[] else array[${quoteLiteral(key)}] end`).join('')};`,
    '  end if;',
    'end',
  ]
  return `create function ${name}(${parameters.join(', ')}) language plpgsql stable as ${quoteBody(body.join('\n'))}`
}

/** Sets one parameter from its key, or gives the reason why not. */
function readKey(column: ElementColumn, parameter: string, refuse: (why: string) => string): readonly string[] {
  const { key, type, notNull } = column
  const value = `$1 -> ${quoteLiteral(key)}`
  const text = `$1 ->> ${quoteLiteral(key)}`
  const kind = writtenAs(column)
  const [, exact] = EXACT_TEXTS.find(([types]) => types.test(type)) ?? []
  const converted = exact
    ? `case when (${text}) ~ ${quoteLiteral(exact)} then (${text})::${type} end`
    : `(${text})::${type}`
  const lossy = exact
    ? `${parameter} is null`
    : NUMBER.test(type)
      ? `${parameter}::numeric is distinct from (${text})::numeric`
      : /^(?:text|citext|character|char|varchar|bpchar)\b/i.test(type)
        ? `${parameter}::text is distinct from ${text}`
        : null
  return [
    `if pg_catalog.jsonb_typeof(${value}) = '${kind}' then`,
    `  ${parameter} := ${converted};`,
    ...(lossy === null ? [] : [`  if ${lossy} then ${refuse(`${key}: ${type} cannot hold all of it`)} end if;`]),
    `elsif pg_catalog.jsonb_typeof(${value}) <> 'null' then`,
    `  ${refuse(`${key}: it is no ${kind}`)}`,
    ...(notNull ? ['else', `  ${refuse(`${key}: it is missing`)}`] : []),
    'end if;',
  ]
}

/** The JSON object again, from columns and what was left of it. */
export function putTogether(columns: readonly ElementColumn[], of: (name: string) => string, rest: string): string {
  const parts = columns.map((column) => {
    const value = of(column.name)
    const isWord = writtenAs(column) === 'string' && (NUMBER.test(column.type) || BOOLEAN.test(column.type))
    const written = isWord ? `${value}::text` : value
    return `case when ${value} is null then '{}' else jsonb_build_object(${quoteLiteral(column.key)}, ${written}) end`
  })
  return [rest, ...parts].join(' || ')
}

/** The columns' own part of a table definition. */
export function defineColumns(columns: readonly ElementColumn[], checks: readonly ElementCheck[]): readonly string[] {
  return [
    ...columns.map(({ name, type, notNull }) => `${quoteIdentifier(name)} ${type}${notNull ? ' not null' : ''}`),
    ...checks.map(({ condition }) => `check (${condition(quoteIdentifier)})`),
  ]
}
