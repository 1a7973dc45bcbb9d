import type { Column, Table } from '../../evidence/catalog/model.js'
import type { Feature } from './features.js'

/** What a table can be to a billing system, in the order in which a business meets it. */
export const ROLES = [
  'organization',
  'customer',
  'plan',
  'price',
  'subscription',
  'subscription item',
  'usage event',
  'usage limit',
  'invoice',
  'invoice line',
  'payment method',
  'payment',
  'payment allocation',
  'credit',
  'ledger account',
  'ledger transaction',
  'ledger entry',
  'tax',
  'coupon',
  'audit log',
  'outbox',
] as const

export type Role = (typeof ROLES)[number]

/** What a table is to the business, and why. */
export interface RoleOf {
  readonly table: Table
  readonly role: Role
  /** 0 … 1; 1 where the configuration says so. */
  readonly confidence: number
  /** What speaks for it, the strongest first, in words that a person can check. */
  readonly evidence: readonly string[]
  /** The configuration says so. */
  readonly declared: boolean
}

/** How rows of one table say to which row of another they belong. */
export interface Link {
  readonly from: Table
  readonly to: Table
  readonly columns: readonly Column[]
  /** declared: a foreign key · inferred: a column that looks like one. */
  readonly source: 'declared' | 'inferred'
}

/** The parts that the tables of one database play in billing; without billing, nobody plays one. */
export interface RoleMap {
  readonly all: readonly RoleOf[]
  of(table: Table): RoleOf | undefined
  /** Tables in one of these roles, in the order of the catalog. */
  tablesIn(...roles: readonly Role[]): readonly Table[]
  /** Columns that show a feature by name, type and values: `currency`, `default flag`; none where nobody plays a part. */
  columnsOf(table: Table, feature: Feature): readonly Column[]
  /** References between tables, declared and inferred. */
  linksFrom(table: Table): readonly Link[]
  linksTo(table: Table): readonly Link[]
  /** The link by which a table belongs to a table in one of these roles. */
  linkTo(table: Table, ...roles: readonly Role[]): Link | undefined
}
