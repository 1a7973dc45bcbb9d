import type { Finding } from '../../engine/result.js'
import type { Role } from '../../billing/roles/role.js'
import { rolesOf } from '../../billing/roles/roles.js'
import type { Catalog } from '../../evidence/catalog/model.js'
import { code, table } from './escape.js'

/** A part that billing comes to need, and the findings that show that it is missing. */
interface Part {
  readonly name: string
  /** The tables that keep it. */
  readonly role: Role | null
  readonly rules: readonly string[]
  /** The finding counts where its object is in a table of this role. */
  readonly within?: Role
}

const JSON_RECORDS = 'normalization/records-in-jsonb'

const PARTS: readonly Part[] = [
  { name: 'items of a subscription', role: 'subscription item', rules: ['billing/single-plan-subscription'] },
  { name: 'tiers of a price', role: null, rules: [JSON_RECORDS], within: 'price' },
  {
    name: 'lines of an invoice',
    role: 'invoice line',
    rules: ['billing/missing-invoice-lines', JSON_RECORDS],
    within: 'invoice',
  },
  { name: 'allocation of payments', role: 'payment allocation', rules: ['billing/unallocated-payment'] },
  { name: 'credit notes and refunds', role: 'credit', rules: ['billing/missing-credit-notes'] },
  { name: 'audit trail', role: 'audit log', rules: ['billing/missing-audit-trail'] },
  {
    name: 'keys against repetition',
    role: null,
    rules: ['billing/missing-idempotency-key', 'keys/repeatable-source-reference', 'keys/unscoped-unique-key'],
  },
]

const NOT_SHOWN = 'nothing shows that it is needed'

/** What billing usually has a table for, where this database keeps it, and which finding says that it is missing; empty without billing. */
export function renderMissingParts(catalog: Catalog, numbers: ReadonlyMap<Finding, number>): string {
  const roles = rolesOf(catalog)
  if (roles.all.length === 0) return ''
  const roleAt = ({ object: { schema, table: name } }: Finding) => {
    const found = catalog.tables.find((one) => one.name === name && one.schema.name === schema)
    return found && roles.of(found)?.role
  }
  const rows = PARTS.flatMap(({ name, role, rules, within }) => {
    const kept = role === null ? [] : roles.tablesIn(role).map(({ address }) => address)
    const telling = [...numbers].filter(
      ([finding]) => rules.includes(finding.rule) && (finding.rule !== JSON_RECORDS || roleAt(finding) === within),
    )
    if (role === null && telling.length === 0) return []
    const shown = telling.map(([finding, number]) => `${code(finding.address)} (${number})`)
    const nowhere = role === null ? '–' : 'nowhere'
    return [[name, kept.map(code).join(', ') || nowhere, shown.join(', ') || (kept.length > 0 ? '–' : NOT_SHOWN)]]
  })
  return table(['Part', 'Kept in', 'Findings'], rows)
}
