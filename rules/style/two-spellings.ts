import { type Column, rule } from '../../src/kit.js'

export default rule({
  severity: 'info',
  optIn: true,
  docs: {
    summary: 'Spell a name in one way.',
    why: 'Two spellings of one name, such as customer_id and customerid, are the misspelling that no review sees: each query has to know which table has which.',
    bad: 'create table invoice (id bigint primary key, customer_id bigint); create table payment (id bigint primary key, customerid bigint);',
    good: 'create table invoice (id bigint primary key, customer_id bigint); create table payment (id bigint primary key, customer_id bigint);',
    references: [],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    const groups = new Map<string, Map<string, Column[]>>()
    for (const column of catalog.columns()) {
      if (column.inherited || column.table.partitionOf || column.table.variety === 'foreign') continue
      const letters = column.name.toLowerCase().replaceAll(/[^\p{L}\d]/gu, '')
      const spellings = groups.get(letters) ?? new Map<string, Column[]>()
      spellings.set(column.name, [...(spellings.get(column.name) ?? []), column])
      groups.set(letters, spellings)
    }
    for (const spellings of groups.values()) {
      const [usual, ...others] = [...spellings.values()].toSorted((a, b) => b.length - a.length)
      const [rare] = others.at(-1) ?? []
      if (!usual?.[0] || !rare) continue
      yield {
        on: rare,
        related: [usual[0], ...others.flat().filter((column) => column !== rare)],
        facts: { usual: usual[0].name, times: usual.length, others: others.map(([column]) => column?.name ?? '') },
      }
    }
  },

  message: ({ on, facts: { usual, times } }) =>
    `${on} is spelled ${usual} in ${times === 1 ? 'another place' : `${times} other places`}.`,
})
