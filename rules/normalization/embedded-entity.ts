import {
  afterReview,
  type Catalog,
  type Column,
  type EmbeddedEntity,
  extractEntity,
  rule,
  splitName,
  stripEnding,
  type Table,
  wordsOf,
} from '../../src/kit.js'

/** Parts of an address follow from each other without being worth a table. */
const PLACE =
  /^(?:zip|postcode|postal|plz|city|town|ort|state|province|region|county|country|land|street|address|latitude|longitude|lat|lon|lng|timezone|continent)$/

/** What is written once and then stands. */
const DOCUMENT =
  /^(?:invoice|order|quote|quotation|receipt|bill|payment|refund|purchase|sale|rechnung|bestellung|angebot|zahlung|facture|commande|devis|factura|pedido|fatura|venda|venta)$/

export default rule({
  severity: 'warning',
  complexity: 'high',
  breaks: '3NF',
  docs: {
    summary: 'Give a thing that a table describes beside its own rows a table of its own.',
    why: 'The same fact is stored once a row: a change must find every copy, those that it misses contradict the others, and what no row mentions cannot be stored at all.',
    bad: `create table shipment (id bigint primary key, weight numeric not null, carrier_code text not null, carrier_name text not null, carrier_phone text);
      insert into shipment select n, n, 'c' || n % 20, 'Carrier ' || n % 20, '+49 ' || n % 20 from generate_series(1, 400) as n;`,
    good: `create table carrier (code text primary key, name text not null, phone text);
      create table shipment (id bigint primary key, weight numeric not null, carrier_code text not null references carrier);
      insert into carrier select 'c' || n, 'Carrier ' || n, '+49 ' || n from generate_series(0, 19) as n;
      insert into shipment select n, n, 'c' || n % 20 from generate_series(1, 400) as n;`,
    unless: 'The columns are a snapshot: what a document said on the day on which it was made, and must go on saying.',
    references: ['https://en.wikipedia.org/wiki/Third_normal_form', 'https://en.wikipedia.org/wiki/Second_normal_form'],
  },
  needs: ['catalog', 'sample'],

  *detect({ catalog, sample }) {
    for (const table of catalog.tables) {
      const strong = sample.entities(table).filter((one) => one.strong)
      for (const entity of strong) {
        const found = standing(entity, table)
        if (!found || isPlace(found)) continue
        const { determinant, dependents } = found
        const parent = parentOf(determinant, table)
        const exceptions = entity.dependents.filter((one) => one.exceptions > 0)
        const snapshot = isDocument(table)
        yield {
          on: determinant[0]!,
          related: [...determinant.slice(1), ...dependents, ...(parent ? [parent] : [])],
          facts: {
            determinant: entity.determinant,
            dependents: dependents.map(({ name }) => name),
            form: entity.breaks,
            values: entity.grounds.support,
            exceptions: exceptions.map(({ name, exceptions: count }) => ({ name, count })),
            keys: entity.grounds.counterexamples.map(({ key }) => key),
            parent: parent?.address ?? null,
            snapshot,
            name: nameOf(determinant),
            // What names another thing goes along with it, once that one is settled.
            inner: strong.flatMap((other) =>
              other !== entity && other.determinant.every((name) => dependents.some((one) => one.name === name))
                ? other.determinant
                : [],
            ),
          },
          // A snapshot is a question, and breaks nothing until it is answered.
          breaks: snapshot ? null : entity.breaks,
          grounds: entity.grounds,
          assessment: snapshot || parent ? { severity: 'info' } : {},
        }
      }
    }
  },

  message: ({ on, facts: { determinant, dependents, form, values, exceptions, keys } }) => {
    const what = dependents.length > 4 ? `${dependents.slice(0, 4).join(', ')} and others` : dependents.join(', ')
    const wrong =
      exceptions.length === 0
        ? ''
        : `; ${exceptions.map(({ name, count }) => `${name} contradicts itself for ${count}`).join(', ')} of ${values} values${keys.length > 0 ? ` (${keys.map((key) => Object.values(key).join(' ')).join(', ')})` : ''}`
    return `${on.table} says ${what} of ${determinant.join(', ')} in every row, not of the row itself (${form})${wrong}.`
  },

  advice: ({ on, facts: { determinant, dependents, parent, snapshot, name } }) =>
    snapshot
      ? `Is it a snapshot of what ${on.table} said on its day? Then say so in a comment and leave it. If not, keep ${dependents.join(', ')} once for each ${determinant.join(', ')}${parent ? ` in ${parent}` : ''}.`
      : parent
        ? `Read ${dependents.join(', ')} from ${parent}, which ${determinant.join(', ')} references, and drop the copies; keep them only as a snapshot, and say so in a comment.`
        : `Make a table ${name} with ${determinant.join(', ')} as its key and ${dependents.join(', ')} as columns, and reference it.`,

  fix: ({ catalog, on, facts: { determinant: names, dependents: moved, parent, snapshot, name, inner }, target }) => {
    const { table } = on
    const determinant = names.flatMap((one) => table.column(one) ?? [])
    const dependents = moved.flatMap((one) => table.column(one) ?? [])
    if (parent !== null || snapshot || inner.length > 0 || isKnown(catalog, table, name)) return []
    return afterReview(
      `Does each ${names.join(', ')} have one ${moved.join(', ')}, now and later, and is none of it a snapshot? The steps make the table ${name}.`,
      extractEntity({ determinant, dependents, name }, { catalog, target }),
    )
  },
})

/** What of an entity is still there: in a scratch copy a fix may have taken columns away. */
function standing({ determinant, dependents }: EmbeddedEntity, table: Table) {
  const from = determinant.flatMap((name) => table.column(name) ?? [])
  const to = dependents.flatMap(({ name }) => table.column(name) ?? [])
  return from.length === determinant.length && to.length > 0 ? { determinant: from, dependents: to } : null
}

function parentOf(determinant: readonly Column[], { foreignKeys }: Table): Table | null {
  const key = foreignKeys.find(
    ({ columns }) => columns.length === determinant.length && columns.every((column) => determinant.includes(column)),
  )
  return key?.referencedTable ?? null
}

/** Only parts of an address. */
function isPlace({
  determinant,
  dependents,
}: {
  readonly determinant: readonly Column[]
  readonly dependents: readonly Column[]
}): boolean {
  const ofPlace = ({ name }: Column) => wordsOf(name).some((word) => PLACE.test(word))
  return dependents.every(ofPlace) && determinant.every(({ name }) => /zip|postcode|postal|plz/i.test(name))
}

/** Tables whose rows are documents, or lines of them, keep what was agreed. */
function isDocument({ name }: Table): boolean {
  return wordsOf(name).some((word) => DOCUMENT.test(word))
}

function nameOf([column]: readonly Column[]): string {
  const { core } = stripEnding(splitName(column!.name))
  return core.join('_') || column!.name
}

function isKnown({ tables, views }: Catalog, { schema }: Table, name: string): boolean {
  const words = wordsOf(name).join()
  return [...tables, ...views].some((one) => one.schema === schema && wordsOf(one.name).join() === words)
}
