import {
  afterReview,
  type Assessment,
  type Catalog,
  type Column,
  type ListColumn,
  moveToChildTable,
  newName,
  quoteLiteral,
  rule,
  type Table,
  wordsOf,
} from '../../src/kit.js'

const TEXT = new Set(['text', 'varchar', 'citext', 'bpchar'])

export default rule({
  severity: 'warning',
  complexity: 'high',
  breaks: '1NF',
  docs: {
    summary: 'Keep one value in a column, and a list as rows or as an array.',
    why: 'A list inside a text has no foreign keys, no types and no index that finds an element: every search becomes LIKE over the whole table, and 1 is found in 21.',
    bad: 'create table campaign (id bigint primary key, customer_ids text not null);',
    good: 'create table customer (id bigint primary key); create table campaign (id bigint primary key); create table campaign_customer (campaign_id bigint references campaign, customer_id bigint references customer, primary key (campaign_id, customer_id));',
    unless: 'The text is sent on as it is, and nobody ever looks inside.',
    references: ['https://www.postgresql.org/docs/current/arrays.html'],
  },
  needs: ['catalog'],
  uses: ['sample'],
  // Queries that read the column are listed with the fix.
  reveals: ['queries/unknown-name'],

  *detect({ catalog, sample }) {
    for (const table of catalog.tables) {
      if (table.partitionOf || table.variety === 'foreign') continue
      for (const column of table.columns) {
        if (column.inherited || column.generated || !TEXT.has(column.type.name)) continue
        const sign = signOfList(column, catalog)
        const seen = sample?.list(column)
        if (sign)
          yield { on: column, facts: { sign: sign.text, delimiter: sign.delimiter }, assessment: sign.assessment }
        else if (seen) {
          const text = `${seen.grounds.support.toLocaleString('en')} rows hold ${seen.mean} words each, on the average, which come again in others`
          yield { on: column, facts: { sign: text, delimiter: seen.delimiter }, grounds: seen.grounds }
        }
      }
    }
  },

  message: ({ on, facts: { sign } }) => `${on} holds a list in one text: ${sign}.`,

  advice: ({ on }) =>
    `Keep each element as a row of a table that references ${on.table}, or, if elements have no life of their own, make ${on.name} an array (${on.type.sql}[] by string_to_array) with a GIN index.`,

  fix: ({ on, facts: { delimiter }, catalog, target }) => {
    if (delimiter === null) return []
    const list = asList(on, delimiter, catalog)
    const meaning = list.references ? `, and is each a row of ${list.references.table}` : ''
    return afterReview(
      `Are the elements of ${on} split at ${quoteLiteral(delimiter)}${meaning}? The steps make each a row of ${list.child}.`,
      moveToChildTable(list, { catalog, target }),
    )
  },
})

/** Shapes of texts that are values of the types that keys have. */
const SHAPES: Readonly<Record<string, string>> = {
  int4: '^[0-9]{1,9}$',
  int8: '^[0-9]{1,18}$',
  uuid: '^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$',
}

/** The list of an identifier's plural names rows of the one table that is called so. */
function asList(column: Column, delimiter: string, { tables }: Catalog): ListColumn {
  const words = wordsOf(column.name)
  const owner = wordsOf(column.table.name).join('_')
  const named = tables.filter((table) => !table.partitionOf && wordsOf(table.name).join() === words.slice(0, -1).join())
  const [key, ...others] = named.length === 1 ? (named[0]?.primaryKey?.columns ?? []) : []
  const references = key && others.length === 0 && words.at(-1) === 'id' && SHAPES[key.type.name] ? key : undefined
  const shape = references ? SHAPES[references.type.name] : undefined
  const split = (value: string) =>
    `array_remove(string_to_array(regexp_replace(btrim(${value}::text), ${quoteLiteral(`\\s*[${delimiter}]\\s*`)}, ${quoteLiteral(delimiter)}, 'g'), ${quoteLiteral(delimiter)}), '')`
  return {
    column,
    owner,
    child: newName([owner], words.join('_')),
    element: { name: words.join('_'), type: references?.type.sql ?? 'text' },
    explode: (value) => `unnest(${split(value)}${references ? `::${references.type.sql}[]` : ''})`,
    collect: (element, order) => `string_agg(${element}::text, ${quoteLiteral(delimiter)} order by ${order})`,
    empty: "''",
    ...(references ? { references } : {}),
    unfit: (value) =>
      shape
        ? `exists (select from unnest(${split(value)}) as one (text) where one.text !~ ${quoteLiteral(shape)})`
        : 'false',
  }
}

interface Sign {
  readonly text: string
  readonly assessment: Assessment
  /** Null where what splits it would have to be made anew with the list. */
  readonly delimiter: string | null
}

function signOfList(column: Column, catalog: Catalog): Sign | null {
  const split = splitBy(column, catalog)
  if (split) return { text: `${split} splits it at its delimiter`, assessment: { tier: 'declared' }, delimiter: null }
  const assessment = { tier: 'inferred', confidence: 0.85 } as const
  const list = defaultList(column)
  if (list) return { text: `its default is '${list}'`, assessment, delimiter: /[,;|]/.exec(list)?.[0] ?? ',' }
  if (/(?:_ids|Ids|IDs|_uuids|Uuids)$/.test(column.name))
    return { text: 'its name is a plural of ids', assessment, delimiter: ',' }
  return null
}

/** What of the table's own definition or its views takes the text apart. */
function splitBy(column: Column, catalog: Catalog): string | null {
  const { table } = column
  if (!isTakenApart(table, catalog)) return null
  const name = column.name.replaceAll(/[^\w]/g, '\\$&')
  const splits = new RegExp(
    `(?:string_to_array|regexp_split_to_array|regexp_split_to_table|string_to_table)\\(\\(?(?:[\\w"]+\\.)?"?${name}"?\\)?(?:::text)?, '\\s*(?:[,;|]|\\\\s\\*[,;|])`,
  )
  const check = table.checks.find(({ expression }) => splits.test(expression))
  if (check) return `the CHECK ${check.name}`
  const index = table.indexes.find(({ keys }) => keys.some((key) => !key.column && splits.test(key.expression)))
  if (index) return `the index ${index.name}`
  const generated = table.columns.find((other) => other.generated && splits.test(other.generated.expression))
  if (generated) return `the generated column ${generated.name}`
  const view = catalog.views.find(
    ({ dependsOnColumns, definition }) => dependsOnColumns.includes(column) && splits.test(definition),
  )
  return view ? `the view ${view.name}` : null
}

const SPLITS = /(?:string|regexp_split)_to_(?:array|table)\(/

/** Some definition of the table, or a view of it, splits a text. */
function isTakenApart({ checks, indexes, columns }: Table, { views }: Catalog): boolean {
  return (
    checks.some(({ expression }) => SPLITS.test(expression)) ||
    indexes.some(({ keys }) => keys.some(({ column, expression }) => !column && SPLITS.test(expression))) ||
    columns.some(({ generated }) => generated && SPLITS.test(generated.expression)) ||
    views.some(({ definition }) => SPLITS.test(definition))
  )
}

/** The default of a column with a plural name, when it is a list of plain words. */
function defaultList({ name, default: value }: Column): string | null {
  const [, list = ''] = value?.match(/^'([^']*)'::(?:text|character varying|citext|bpchar)$/) ?? []
  if (!/^[a-z][\w.:-]*(?:[,;|] ?[a-z][\w.:-]*)+$/i.test(list)) return null
  const last =
    name
      .toLowerCase()
      .split(/[^\p{L}]+/u)
      .at(-1) ?? ''
  return last !== (wordsOf(name).at(-1) ?? '') ? list : null
}
