import {
  addCheck,
  afterReview,
  type Column,
  holdsStatus,
  isConfined,
  mayHoldStatus,
  quoteIdentifier,
  quoteLiteral,
  rule,
  statusValuesOf,
  wordsOf,
} from '../../src/kit.js'

/** Words of these are those of the world, and come from a table or a standard. */
const OF_THE_WORLD =
  /^(?:name|names|city|town|country|region|province|county|currency|language|lang|locale|timezone|zone|title|salutation|brand|maker|manufacturer|vendor|carrier|team|department|color|colour|author|version|tag|tags|host|hostname|server|node|shard|branch|prefix|suffix|initials|code|key|symbol|unit|iso|name1|name2|nombre|nom|ville|stadt|land|pais|pays|ciudad)$/

export default rule({
  severity: 'info',
  docs: {
    summary: 'Let a CHECK, an enum or a foreign key name the words that a column chooses from.',
    why: 'A misspelt word is accepted, and its row falls out of every query, report and branch of the application that asks for the known ones.',
    bad: `create table payment_method (id bigint primary key, kind text not null);
      insert into payment_method select n, (array['card', 'transfer', 'direct_debit'])[n % 3 + 1] from generate_series(1, 300) as n;`,
    good: `create table payment_method (id bigint primary key, kind text not null check (kind in ('card', 'transfer', 'direct_debit')));
      insert into payment_method select n, (array['card', 'transfer', 'direct_debit'])[n % 3 + 1] from generate_series(1, 300) as n;`,
    unless: 'New words come from users or from another system.',
    references: ['https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-CHECK-CONSTRAINTS'],
  },
  needs: ['catalog', 'sample'],

  *detect({ catalog, sample }) {
    for (const column of catalog.columns()) {
      const found = sample.choice(column)
      if (!found || column.inherited || isConfined(column) || OF_THE_WORLD.test(wordsOf(column.name).at(-1) ?? ''))
        continue
      // The rule about states speaks of them.
      if (mayHoldStatus(column) && holdsStatus(column, statusValuesOf(column, catalog)) === 'yes') continue
      yield {
        on: column,
        facts: { words: found.distinct, rows: found.grounds.support, values: found.values },
        grounds: found.grounds,
      }
    }
  },

  message: ({ on, facts: { words, rows, values } }) =>
    `${on} takes any text, though ${rows.toLocaleString('en')} rows say one of ${words} words${values ? ` (${values.map(quoteLiteral).join(', ')})` : ''}.`,

  advice: ({ on, facts: { values } }) =>
    values
      ? `If these are all, add CHECK (${condition(on, values)}).`
      : `List them with select ${quoteIdentifier(on.name)}, count(*) … group by 1 (--show-values does), compare with the application, then add CHECK (${quoteIdentifier(on.name)} in (…)).`,

  fix: ({ on, facts: { values } }) =>
    values
      ? afterReview(
          `Are these all words that ${on} can have: ${values.map(quoteLiteral).join(', ')}?`,
          addCheck(on.table, [on], condition(on, values)),
        )
      : [],
})

function condition({ name }: Column, values: readonly string[]): string {
  return `${quoteIdentifier(name)} in (${values.map(quoteLiteral).join(', ')})`
}
