import { stub, textType } from './parts.js'

function vectorClasses(method: string, type: string): string {
  return ['l2', 'ip', 'cosine', 'l1']
    .map(
      (measure) => `create operator class ${type}_${measure}_ops for type ${type} using ${method} as
  operator 1 <, operator 2 <=, operator 3 =, operator 4 >=, operator 5 >, function 1 ${type}_cmp(${type}, ${type});`,
    )
    .join('\n')
}

const DISTANCES = ['vector', 'halfvec', 'sparsevec']
  .flatMap((type) =>
    (
      [
        ['<->', 'l2_distance'],
        ['<#>', 'negative_inner_product'],
        ['<=>', 'cosine_distance'],
      ] as const
    ).map(
      ([sign, name]) =>
        `${stub(`${name}(${type}, ${type})`, 'float8')} create operator ${sign} (leftarg = ${type}, rightarg = ${type}, function = ${name});`,
    ),
  )
  .join('\n')

/** pgvector's types, distances, and index methods, which are B-trees underneath. */
export const VECTOR = `
${textType('vector', 'number')}
${textType('halfvec', 'number')}
${textType('sparsevec', 'number')}
create access method hnsw type index handler bthandler;
create access method ivfflat type index handler bthandler;
${['hnsw', 'ivfflat'].flatMap((method) => ['vector', 'halfvec', 'sparsevec'].map((type) => vectorClasses(method, type))).join('\n')}
${DISTANCES}`
