import type { AdvisedIndex, IndexAdvice } from '../src/evidence/advice/model.js'
import type { Catalog } from '../src/evidence/catalog/model.js'
import type { WorkloadQuery } from '../src/evidence/workload/model.js'
import { readShape } from '../src/evidence/advice/shape.js'
import { indexDefinition } from '../src/fix/steps/indexes.js'

interface Line {
  readonly keys: readonly string[]
  readonly method?: string
  readonly include?: readonly string[]
  readonly where?: string
  readonly bytes: number
  readonly before: number
  readonly after: number
  readonly replaces?: readonly string[]
}

/** Lines `-- advice: <table> {"keys": ["a", "(lower(b))"], …}` are what a planner would have said of the fixture's queries; null without any. */
export function readAdviceLines(sql: string, catalog: Catalog, queries: readonly WorkloadQuery[]): IndexAdvice | null {
  const lines = [...sql.matchAll(/^\s*-- advice: (\S+) (\{.*\})$/gm)]
  if (lines.length === 0) return null
  const indexes = lines.flatMap(([, address = '', json = '']): AdvisedIndex[] => {
    const line = JSON.parse(json) as Line
    const table = catalog.tables.find((one) => one.address === address)
    if (!table) return []
    const shape = readShape(
      {
        method: line.method ?? 'btree',
        keys: line.keys.map((key) => ({
          column: key.startsWith('(') ? null : key,
          expression: key.startsWith('(') ? key.slice(1, -1) : null,
          name: null,
          opclass: null,
          descending: false,
          nulls: null,
        })),
        include: line.include ?? [],
        where: line.where ?? null,
        options: {},
      },
      table,
    )
    return [
      {
        table,
        shape,
        definition: indexDefinition(shape),
        bytes: line.bytes,
        upkeep: 0,
        serves: queries.slice(0, 1).map((query) => ({
          query,
          calls: 1,
          before: line.before,
          after: line.after,
          node: 'Index Scan',
        })),
        replaces: table.indexes.filter(({ name }) => line.replaces?.includes(name)),
      },
    ]
  })
  const sum = (of: (line: Line) => number) =>
    lines.reduce((total, [, , json = '']) => total + of(JSON.parse(json) as Line), 0)
  return {
    planners: [{ method: 'clone', version: 180000, statements: lines.length }],
    indexes,
    cost: { before: sum(({ before }) => before), after: sum(({ after }) => after) },
    statements: queries.length,
    calls: 0,
    milliseconds: 0,
    notSeen: [],
  }
}
