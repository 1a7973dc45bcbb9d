import { afterReview, quoteRelation, rule, statement, type Table, type View } from '../../src/kit.js'

const WRITES = ['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Grant writing to the roles that write, not to PUBLIC.',
    why: 'PUBLIC is every role that is there or ever will be, those for reports and backups included.',
    bad: 'create table account (id bigint primary key); grant all on account to public;',
    good: 'create table account (id bigint primary key); grant select on account to public;',
    references: ['https://www.postgresql.org/docs/current/ddl-priv.html'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const relation of [...catalog.tables, ...catalog.views]) {
      const guarded = relation.kind === 'table' && relation.rowSecurity
      const privileges = writesOf(relation).filter((privilege) => !guarded || privilege === 'TRUNCATE')
      if (privileges.length === 0 || isShownAtParent(relation)) continue
      yield { on: relation, facts: { privileges } }
    }
  },

  message: ({ on, facts: { privileges } }) => `Every role has ${privileges.join(', ')} on ${on}.`,

  fix: ({ on, facts: { privileges } }) =>
    afterReview(
      `Which roles write to ${on}? They need a grant of their own.`,
      withPartitions(on).flatMap((relation) => {
        const list = writesOf(relation).filter((privilege) => privileges.includes(privilege))
        const name = quoteRelation(relation)
        if (list.length === 0) return []
        const what = list.join(', ').toLowerCase()
        return statement(`revoke ${what} on ${name} from public`, `grant ${what} on ${name} to public`, {
          phase: 'contract',
        })
      }),
    ),
})

function withPartitions(relation: Table | View): readonly (Table | View)[] {
  return [relation, ...(relation.kind === 'table' ? relation.partitions.flatMap(withPartitions) : [])]
}

function writesOf({ grants }: Table | View): readonly string[] {
  return WRITES.filter((write) => grants.some(({ grantee, privilege }) => grantee === 'PUBLIC' && privilege === write))
}

function isShownAtParent(relation: Table | View): boolean {
  return relation.kind === 'table' && relation.partitionOf !== null && writesOf(relation.partitionOf).length > 0
}
