import type { Catalog } from '../evidence/catalog/model.js'
import type { Finding, TableNormalForm } from './result.js'
import type { NormalForm } from './rule.js'

const FORMS: readonly NormalForm[] = ['1NF', '2NF', '3NF', 'BCNF']

/**
 * For each table the highest normal form that no finding contradicts. From the catalog alone this is an upper bound:
 * BCNF means «not contradicted», never «proven».
 */
export function judgeNormalForms(catalog: Catalog, findings: readonly Finding[]): readonly TableNormalForm[] {
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
        issues: broken.map(({ message }) => message),
        recommendation: broken.length > 0 ? broken.map(({ advice }) => advice).join(' ') : null,
      } as const
    })
}
