import { type Column, mentions, rule, type Table, wordsOf } from '../../src/kit.js'

const TEXT = new Set(['text', 'varchar', 'citext'])
const ATTRIBUTE = new Set(
  'attribute attr property prop field key name param parameter characteristic merkmal eigenschaft feld attribut champ propriete atributo campo propiedad propriedade'.split(
    ' ',
  ),
)
const VALUE = new Set('value val data content wert valeur valor'.split(' '))

/** `data_type` says what kind of value is meant, and holds none. */
const KIND = new Set('type typ kind format class source unit id code name version'.split(' '))

/** Entity, attribute, value, and at most a key, a type, an order and times beside them. */
const MOST_COLUMNS = 9

export default rule({
  severity: 'info',
  tier: 'inferred',
  complexity: 'high',
  docs: {
    summary: 'Give attributes that are known columns of their own; keep the open rest in one jsonb column.',
    why: 'In a table of entity, attribute and value no value has a type, a CHECK, a default or a foreign key, an attribute cannot be required, and each attribute that a query reads costs one more join.',
    bad: 'create table product (id bigint primary key); create table product_attribute (product_id bigint references product, attribute text, value text, primary key (product_id, attribute));',
    good: `create table product (id bigint primary key, weight_grams integer, colour text, more jsonb not null default '{}');`,
    unless:
      'Customers name the attributes themselves, such as tags, settings or metadata, and the program never asks for one by name.',
    references: ['https://wiki.postgresql.org/wiki/Don%27t_Do_This'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const table of catalog.tables) {
      if (table.partitionOf || table.variety === 'foreign' || table.columns.length > MOST_COLUMNS) continue
      // Settings, metadata, tags and translations are open by nature.
      if (mentions(wordsOf(table.name), 'open', 'audit')) continue
      const parts = partsOf(table)
      if (!parts) continue
      const { entity, attribute, values } = parts
      yield {
        on: table,
        related: [entity, attribute, ...values],
        facts: { entity: entity.name, attribute: attribute.name, values: values.map(({ name }) => name) },
      }
    }
  },

  message: ({ on, facts: { entity, attribute, values } }) =>
    `${on} keeps an attribute a row: ${attribute} names it, ${values.join(', ')} holds it as text for any ${entity}.`,
})

interface Parts {
  readonly entity: Column
  readonly attribute: Column
  readonly values: readonly Column[]
}

/** The shape: (entity that is a foreign key, attribute that is text) is a key, and the value is text. */
function partsOf(table: Table): Parts | null {
  const values = table.columns.filter(({ name }) => {
    const [first = '', second = '', ...more] = wordsOf(name)
    return VALUE.has(first) && !KIND.has(second) && more.length === 0
  })
  if (!values.some(({ type }) => TEXT.has(type.name))) return null
  const keys = table.indexes.filter(({ unique, predicate }) => unique && predicate === null).map(({ keys }) => keys)
  for (const key of keys) {
    const columns = key.flatMap(({ column }) => column ?? [])
    if (key.length !== 2 || columns.length !== 2) continue
    const attribute = columns.find(({ name, type }) => TEXT.has(type.name) && ATTRIBUTE.has(wordsOf(name).at(-1) ?? ''))
    const entity = columns.find((column) => column !== attribute)
    const isReference = table.foreignKeys.some(({ columns: of }) => of.length === 1 && of[0] === entity)
    if (attribute && entity && isReference && !values.includes(attribute)) return { entity, attribute, values }
  }
  return null
}
