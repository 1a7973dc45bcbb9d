import type { AuditResult, Finding } from '../../engine/result.js'
import { statesOf } from '../../engine/compare.js'
import type { Severity } from '../../engine/rule.js'
import type { Table } from '../../evidence/catalog/model.js'
import { listNames } from '../markdown/names.js'
import { groupBy } from '../../evidence/catalog/group.js'
import { byImportance, ownerOf, SEVERITIES } from '../order.js'
import { divide, type Section } from '../sections.js'

/** What all parts of the page share. */
export interface Page {
  readonly result: AuditResult
  readonly sections: readonly Section[]
  /** Most important first, each with the number that it has throughout. */
  readonly important: readonly Numbered[]
  readonly numbers: ReadonlyMap<Finding, number>
  /** What each is beside the baseline, or else since the earlier report; empty without either. */
  readonly states: ReturnType<typeof statesOf>
  /** Names that stand as code wherever a sentence holds them. */
  readonly names: ReadonlySet<string>
  /** What a finding can belong to: all tables without partitions, then views and whatever else was found fault with. */
  readonly owners: readonly Owner[]
  /** The owner of an address; a partition's is the whole table. */
  ownerAt(address: string): Owner | undefined
}

export interface Numbered {
  readonly number: number
  readonly finding: Finding
}

export interface Owner {
  /** Position in `owners`; `t<id>` is its anchor. */
  readonly id: number
  readonly address: string
  readonly table: Table | null
  readonly findings: readonly Numbered[]
  /** The worst severity of its findings. */
  readonly worst: Severity | null
}

/** Numbers the findings and gathers them by table. */
export function preparePage(result: AuditResult): Page {
  const sections = divide(result)
  const numbers = new Map(sections.flatMap(({ findings }) => findings).map((finding, at) => [finding, at + 1]))
  const important = [...numbers]
    .map(([finding, number]): Numbered => ({ finding, number }))
    .toSorted((a, b) => byImportance(a.finding, b.finding))
  const roots = new Map(result.catalog.tables.map((table) => [table.address, rootOf(table)]))
  const addressOf = (address: string): string => roots.get(address)?.address ?? address
  const findings = groupBy(important, ({ finding }) => addressOf(ownerOf(finding)))
  const tables = new Map([...new Set(roots.values())].map((table) => [table.address, table]))
  const owners = [...new Set([...tables.keys(), ...[...findings.keys()].toSorted()])].map((address, id): Owner => {
    const own = findings.get(address) ?? []
    const worst = SEVERITIES.find((severity) => own.some(({ finding }) => finding.severity === severity)) ?? null
    return { id, address, table: tables.get(address) ?? null, findings: own, worst }
  })
  const byAddress = new Map(owners.map((owner) => [owner.address, owner]))
  return {
    result,
    sections,
    important,
    numbers,
    states: statesOf(result.baseline ?? result.since),
    names: listNames(result.catalog),
    owners,
    ownerAt: (address) => byAddress.get(addressOf(address)),
  }
}

function rootOf(table: Table): Table {
  return table.partitionOf ? rootOf(table.partitionOf) : table
}
