import type { Finding } from '../engine/result.js'
import type { Feature } from '../billing/roles/features.js'
import type { Role } from '../billing/roles/role.js'
import { rolesOf } from '../billing/roles/roles.js'
import type { Catalog } from '../evidence/catalog/model.js'

/** A part that billing comes to need, and the findings that show that it is missing. */
interface Part {
  readonly name: string
  /** The tables that keep it. */
  readonly role: Role | null
  /** Columns of tables in these roles that keep it. */
  readonly columns?: { readonly of: readonly Role[]; readonly show: Feature }
  readonly rules: readonly string[]
  /** The finding counts where its object is in a table of this role. */
  readonly within?: Role
}

const JSON_RECORDS = 'normalization/records-in-jsonb'

const PARTS: readonly Part[] = [
  { name: 'items of a subscription', role: 'subscription item', rules: ['billing/single-plan-subscription'] },
  {
    name: 'tiers of a price',
    role: null,
    columns: { of: ['price'], show: 'tier bounds' },
    rules: [JSON_RECORDS],
    within: 'price',
  },
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
    columns: { of: ['usage event', 'payment'], show: 'idempotency key' },
    rules: ['billing/missing-idempotency-key', 'keys/repeatable-source-reference', 'keys/unscoped-unique-key'],
  },
]

export const PART_TITLES = ['Part', 'Kept in', 'Findings'] as const

/** A part of billing, where it is kept, and what shows that it is missing. */
export interface PartKept {
  readonly name: string
  /** Addresses of tables, and of columns. */
  readonly kept: readonly string[]
  /** What stands where no table keeps it. */
  readonly otherwise: string
  readonly telling: readonly { readonly address: string; readonly number: number }[]
  /** What stands where no finding tells. */
  readonly silence: string
}

/** What billing usually has a table for, where this database keeps it, and which finding says that it is missing; empty without billing. */
export function listParts(catalog: Catalog, numbers: ReadonlyMap<Finding, number>): readonly PartKept[] {
  const roles = rolesOf(catalog)
  if (roles.all.length === 0) return []
  const roleAt = ({ object: { schema, table: name } }: Finding) => {
    const found = catalog.tables.find((one) => one.name === name && one.schema.name === schema)
    return found && roles.of(found)?.role
  }
  return PARTS.flatMap(({ name, role, columns, rules, within }): readonly PartKept[] => {
    const ofColumns = columns
      ? roles.tablesIn(...columns.of).flatMap((table) => roles.columnsOf(table, columns.show))
      : []
    const tables = role === null ? [] : roles.tablesIn(role)
    const telling = [...numbers].filter(
      ([finding]) => rules.includes(finding.rule) && (finding.rule !== JSON_RECORDS || roleAt(finding) === within),
    )
    const inJson = telling.flatMap(([{ rule, address }]) => (rule === JSON_RECORDS ? address : []))
    const kept = [...new Set([...tables, ...ofColumns].map(({ address }) => address)), ...inJson]
    if (role === null && telling.length + kept.length === 0) return []
    return [
      {
        name,
        kept,
        otherwise: role === null ? '–' : 'nowhere',
        telling: telling.map(([{ address }, number]) => ({ address, number })),
        silence: kept.length > 0 ? '–' : 'nothing shows that it is needed',
      },
    ]
  })
}
