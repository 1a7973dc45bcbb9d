import { rule } from '../../src/kit.js'

export default rule({
  severity: 'info',
  optIn: true,
  docs: {
    summary: 'Let psql stop at the first error: \\set ON_ERROR_STOP on.',
    why: 'psql goes on with the next statement after one has failed, and ends as if all were well: the script is half done, and nobody is told.',
    bad: '-- migration\n\\echo start\ncreate table invoice (id bigint primary key);\ncreate table payment (id bigint primary key);',
    good: '-- migration\n\\set ON_ERROR_STOP on\ncreate table invoice (id bigint primary key);\ncreate table payment (id bigint primary key);',
    unless: 'It is always run with `psql -v ON_ERROR_STOP=1`.',
    references: ['https://www.postgresql.org/docs/current/app-psql.html#APP-PSQL-VARIABLES-ON-ERROR-STOP'],
  },
  needs: ['migrations'],

  *detect({ migrations }) {
    for (const { statements, name } of migrations.files) {
      const first = statements.find(({ goesOn }) => goesOn)
      if (first && statements.length > 1)
        yield { on: first.about(null), facts: { name }, assessment: { tier: 'declared' } }
    }
  },

  message: ({ facts: { name } }) => `psql goes on with ${name} after an error.`,
})
