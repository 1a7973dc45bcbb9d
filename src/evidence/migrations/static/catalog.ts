import type { RelationState } from '../../../source/files/observation/relations.js'
import type { RawCatalog, RawRelation } from '../../catalog/raw.js'

const KINDS: Readonly<Partial<Record<RelationState['kind'], RawRelation['kind']>>> = {
  table: 'r',
  'partitioned table': 'p',
  'foreign table': 'f',
  view: 'v',
  'materialized view': 'm',
}

/** A catalog that knows the relations by name and no more. */
export function emptyCatalog(version: number, relations: readonly RelationState[]): RawCatalog {
  const schemas = [...new Set(relations.map(({ schema }) => schema))]
  const schemaOf = (name: string) => 1_000_000 + schemas.indexOf(name)
  return {
    database: [{ name: '', version }],
    schemas: schemas.map((name) => ({ oid: schemaOf(name), name, comment: null, owner: '', grants: [] })),
    relations: relations.flatMap(({ oid, schema, name, kind }): readonly RawRelation[] => {
      const code = KINDS[kind]
      if (!code) return []
      return [
        {
          oid,
          name,
          comment: null,
          schema: schemaOf(schema),
          kind: code,
          persistence: 'p',
          owner: '',
          rowSecurity: false,
          forceRowSecurity: false,
          replicaIdentity: 'd',
          populated: true,
          options: null,
          grants: [],
          isPartition: false,
          partitionBound: null,
          parents: [],
          partitionStrategy: code === 'p' ? 'r' : null,
          partitionColumns: null,
          partitionKey: null,
          definition: null,
        },
      ]
    }),
    columns: [],
    types: [],
    constraints: [],
    indexes: [],
    sequences: [],
    functions: [],
    triggers: [],
    policies: [],
    extensions: [],
    roles: [],
    viewDependencies: [],
  }
}
