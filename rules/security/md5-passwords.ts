import { rule } from '../../src/kit.js'

export default rule({
  severity: 'warning',
  tier: 'measured',
  docs: {
    summary: 'Store passwords as SCRAM verifiers.',
    why: 'An MD5 hash of password and role name is as good as the password to whoever reads a backup, and PostgreSQL has deprecated it.',
    bad: `create table event (id bigint primary key);
      -- statistics: server {"settings": {"password_encryption": "md5"}}`,
    good: `create table event (id bigint primary key);
      -- statistics: server {"settings": {"password_encryption": "scram-sha-256"}}`,
    unless: 'A client is too old for SCRAM; none has been since 2018.',
    references: ['https://www.postgresql.org/docs/current/auth-password.html'],
  },
  needs: ['catalog', 'statistics'],
  complexity: 'medium',

  *detect({ catalog, statistics: { server } }) {
    const method = server?.settings['password_encryption']
    // Before PostgreSQL 10 it was on or off.
    if (method === 'md5' || method === 'on') yield { on: catalog.database, facts: { method } }
  },

  message: ({ facts: { method } }) => `New passwords are stored as MD5 hashes: password_encryption is ${method}.`,

  advice: () =>
    'Set password_encryption to scram-sha-256, set each password once more, then let pg_hba.conf accept scram-sha-256 alone.',
})
