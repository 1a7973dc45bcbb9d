import type { Catalog } from '../evidence/catalog/model.js'
import { readDirective } from './directive.js'
import type { Suppression, SuppressionProblem } from './suppress.js'

/** Up to the end of its line: `COMMENT ON TABLE … IS 'Kept for audits. pg-billing-audit-ignore: rule reason'`. */
const MARK = /\bpg-billing-audit-ignore\b[ \t]*:?[ \t]*([^\n]*)/g

/** Suppressions in the comments of the database's objects; each covers its object and what belongs to it. */
export function describeCommentSuppressions(catalog: Catalog): {
  readonly suppressions: readonly Suppression[]
  readonly problems: readonly SuppressionProblem[]
} {
  const suppressions: Suppression[] = []
  const problems: SuppressionProblem[] = []
  for (const { address, comment } of commented(catalog)) {
    for (const [, text = ''] of comment.matchAll(MARK)) {
      const { rules, reason, until, complaint } = readDirective(text)
      const origin = `comment on ${address}`
      if (complaint) problems.push({ kind: 'malformed', origin, location: null, message: complaint })
      else if (rules.length === 0)
        problems.push({ kind: 'malformed', origin, location: null, message: 'The suppression names no rule.' })
      else
        suppressions.push({
          origin,
          location: null,
          kind: 'inSource',
          rules,
          scope: { kind: 'objects', patterns: [address] },
          reason,
          until,
        })
    }
  }
  return { suppressions, problems }
}

function* commented(catalog: Catalog): Generator<{ readonly address: string; readonly comment: string }> {
  const objects = [
    ...catalog.schemas,
    ...catalog.tables,
    ...catalog.views,
    ...catalog.columns(),
    ...catalog.constraints(),
    ...catalog.indexes(),
    ...catalog.sequences,
    ...catalog.types,
    ...catalog.functions,
  ]
  for (const { address, comment } of objects) if (comment) yield { address, comment }
}
