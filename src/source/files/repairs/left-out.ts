import { type RepairRule, skipping, without } from './rule.js'

/** What has no meaning here, or no meaning any more. */
export const WITHOUT_MEANING: readonly RepairRule[] = [
  {
    code: '3D000',
    message: /^database "(.+)" does not exist$/,
    repair: skipping('statement about a database', 'there is one database here'),
  },
  {
    code: '42601',
    message: /at or near "OIDS"$/i,
    repair: without(/\bwith\s+oids\b/i, 'WITH OIDS', 'PostgreSQL 12 removed it'),
  },
  {
    code: '0A000',
    message: /^tables declared WITH OIDS are not supported$/,
    repair: without(/\bwith\s*\(\s*oids\s*(?:=\s*(?:true|on))?\s*\)/i, 'WITH OIDS', 'PostgreSQL 12 removed it'),
  },
  {
    code: '22023',
    message: /^unrecognized parameter (?:namespace )?"(.+)"$/,
    repair({ statement, sql, found, remarks }) {
      remarks.skip(`storage parameter ${found[1]}`, 'the embedded server does not know it', statement.locate(0))
      const shorter = sql.replace(/\bwith\s*\([^()]*\)/i, ' ')
      return shorter === sql ? 'skip' : { run: shorter }
    },
  },
  {
    code: '25P01',
    message: /can only be used in transaction blocks$/,
    repair: skipping('LOCK, SAVEPOINT and the like', 'each statement is its own transaction here'),
  },
  {
    code: '25001',
    message: /^SET TRANSACTION .* must (?:be|not be) called/,
    repair: skipping('SET TRANSACTION', 'nothing else runs here'),
  },
  {
    code: '55000',
    message: /wal_level|logical decoding/,
    repair: skipping('replication', 'the embedded server does not replicate'),
  },
]
