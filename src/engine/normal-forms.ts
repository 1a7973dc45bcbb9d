import type { Catalog } from '../evidence/catalog/model.js'
import type { Sample } from '../evidence/sample/model.js'
import type { Finding, TableNormalForm } from './result.js'
import type { NormalForm } from './rule.js'

const FORMS: readonly NormalForm[] = ['1NF', '2NF', '3NF', 'BCNF']

/**
 * For each table the highest normal form that no finding contradicts. From the catalog alone this is an upper bound:
 * BCNF means «not contradicted», never «proven».
 * Rows can contradict more than the catalog does, and prove no more.
 */
export function judgeNormalForms(
  catalog: Catalog,
  findings: readonly Finding[],
  sample: Sample | null = null,
): readonly TableNormalForm[] {
  return catalog.tables
    .filter((table) => !table.partitionOf && table.variety !== 'foreign')
    .map((table) => {
      const broken = findings.filter(
        ({ breaks, object }) => breaks && object.schema === table.schema.name && object.table === table.name,
      )
      const lowest = Math.min(...broken.map(({ breaks }) => FORMS.indexOf(breaks as NormalForm)), FORMS.length)
      return {
        table: table.address,
        normalForm: lowest === 0 ? 'UNF' : (FORMS[lowest - 1] ?? 'BCNF'),
        basis: describeBasis(table.address, sample),
        issues: broken.map(({ message }) => message),
        recommendation: broken.length > 0 ? broken.map(({ advice }) => advice).join(' ') : null,
      } as const
    })
}

/** What could have contradicted a table's form. */
function describeBasis(address: string, sample: Sample | null): string {
  const seen = sample?.table({ address })
  if (!seen || seen.rowsConsidered === 0) return 'names, types and keys'
  const rows = seen.rowsConsidered.toLocaleString('en')
  return seen.whole ? `names, types, keys and all ${rows} rows` : `names, types, keys and ${rows} sampled rows`
}
