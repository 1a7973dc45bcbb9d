import {
  afterReview,
  countWithoutGaps,
  documentNumberOf,
  namedColumn,
  ownRolesOf,
  partName,
  reasonsForNoGaps,
  rule,
  sequenceUseOf,
  seriesOf,
} from '../../src/kit.js'

export default rule({
  severity: 'info',
  tier: 'inferred',
  confidence: 0.6,
  impact: 'medium',
  complexity: 'medium',
  aboutMoney: true,
  docs: {
    summary: 'Take the numbers of invoices from a counter row where they must have no gaps, not from a sequence.',
    why: 'A sequence never gives a number back: each transaction that is rolled back, and each crash of the server, leaves a gap. Where tax law wants an unbroken series, each gap is an invoice that may have been hidden. A row of counters that stays locked until the commit leaves none.',
    bad: `create table invoice (id bigint primary key, number bigint generated always as identity unique, due_date date not null, currency char(3) not null, total numeric(12, 2) not null);
      comment on column invoice.number is 'Consecutive, without gaps.';`,
    good: `create table invoice (id bigint primary key, number bigint not null unique, due_date date not null, currency char(3) not null, total numeric(12, 2) not null);
      comment on column invoice.number is 'Consecutive, without gaps.';`,
    unless: 'Numbers only have to be unique and rising, and the reasons for gaps are written down.',
    references: [
      'https://www.postgresql.org/docs/current/functions-sequence.html',
      'https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-ROWS',
      'https://eur-lex.europa.eu/eli/dir/2006/112/oj',
    ],
  },
  needs: ['catalog'],
  // The sequence is left without use, and can be dropped when the way back is not wanted any more.
  reveals: ['maintenance/leftover-sequence'],

  *detect({ catalog }) {
    for (const table of ownRolesOf(catalog).tablesIn('invoice', 'credit')) {
      if (table.partitionOf || table.variety === 'foreign') continue
      const number = documentNumberOf(table)
      const use = number && !number.inherited ? sequenceUseOf(number, catalog) : null
      if (!number || !use) continue
      const reasons = reasonsForNoGaps(number, catalog)
      yield {
        on: number,
        related: seriesOf(number, catalog),
        facts: { use, reasons, series: seriesOf(number, catalog).map(({ name }) => name) },
        assessment: reasons.length > 0 ? { severity: 'warning', confidence: 0.8 } : {},
      }
    }
  },

  message: ({ on, facts: { reasons } }) =>
    reasons.length > 0
      ? `${on} comes from a sequence, which leaves gaps, and must have none: ${reasons.join('; ')}.`
      : `${on} comes from a sequence, which leaves a gap for each transaction that is rolled back.`,

  advice: ({ facts: { reasons, series } }) =>
    reasons.length > 0
      ? `Count in a row for each ${series.length > 0 ? series.join(', ') : 'series'} that is locked until the commit, when the document is issued. Who numbers documents then waits for the other: keep those transactions short.`
      : 'Ask whether the law of where invoices are issued wants none. If it does, count in a row for each issuer that is locked until the commit; if not, write down why numbers may be missing.',

  fix: ({ on, catalog, facts: { reasons, use } }) => {
    if (reasons.length === 0 || use === 'trigger') return []
    return afterReview(
      `Must ${on.name} of ${on.table} have no gaps, is it given when the row is inserted, and is no such row ever deleted?`,
      countWithoutGaps({
        number: on,
        series: seriesOf(on, catalog),
        counter: partName(on.table, 'counter', catalog),
        last: namedColumn('last number', on.table, catalog),
        taken: new Set(catalog.functions.map(({ name }) => name)),
      }),
    )
  },
})
