import { afterReview, quoteIdentifier, rule, statement } from '../../src/kit.js'

export default rule({
  severity: 'warning',
  docs: {
    summary: 'Take CREATE on a schema from PUBLIC.',
    why: 'Whoever can connect can put functions and operators into the schema, which others who have it in their search_path then call with their own rights. PostgreSQL 15 stopped granting this on new databases; those that were upgraded keep it.',
    bad: 'grant create on schema public to public;',
    good: 'revoke create on schema public from public;',
    references: ['https://www.postgresql.org/docs/current/ddl-schemas.html#DDL-SCHEMAS-PATTERNS'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    for (const schema of catalog.schemas) {
      if (!schema.grants.some(({ grantee, privilege }) => grantee === 'PUBLIC' && privilege === 'CREATE')) continue
      const owners = [...catalog.tables, ...catalog.views, ...catalog.functions]
        .filter((object) => object.schema === schema && object.owner !== schema.owner)
        .map(({ owner }) => owner)
      const trusted = catalog.roles.filter(({ superuser }) => superuser).map(({ name }) => name)
      const others = [...new Set(owners)].filter((owner) => !trusted.includes(owner))
      yield { on: schema, facts: { others } }
    }
  },

  message: ({ on, facts: { others } }) =>
    `Every role may create objects in the schema ${on}${others.length > 0 ? `; ${others.join(', ')} did` : ''}.`,

  fix: ({ on, facts: { others } }) => {
    const schema = quoteIdentifier(on.name)
    const steps = [
      statement(`revoke create on schema ${schema} from public`, `grant create on schema ${schema} to public`),
    ]
    return others.length > 0
      ? afterReview(`Do ${others.join(', ')} still create objects in ${on}? They need a grant of their own.`, steps)
      : steps
  },
})
