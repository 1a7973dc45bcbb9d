/** What a rule may import: the shape of a rule, the catalog's types, predicates about meaning, and the builders of fixes. */
export { rule } from './engine/rule.js'
export { type Config, defineConfig } from './config/define.js'
export type { Assessment, Detection, Facts, Json, Level, Rewrite, Severity, Tier } from './engine/rule.js'
export type * from './evidence/catalog/model.js'
export type * from './evidence/model.js'
export type { Target } from './evidence/target.js'
export type * from './evidence/migrations/model.js'
export * from './evidence/migrations/commands.js'
export * from './evidence/migrations/effects.js'
export * from './evidence/migrations/rows.js'
export * from './evidence/migrations/size.js'
export type * from './evidence/statistics/model.js'
export type * from './evidence/workload/model.js'
export type * from './evidence/plans/model.js'
export * from './evidence/plans/conditions.js'
export * from './evidence/plans/estimates.js'
export type * from './evidence/advice/model.js'
export * from './evidence/advice/shape.js'
export * from './fix/steps/audit-trail.js'
export * from './fix/steps/child-table.js'
export type { TypeChange } from './fix/steps/change-in-place.js'
export { alterColumnType, changeColumnTypes } from './fix/steps/column-types.js'
export * from './fix/steps/distribute.js'
export * from './fix/steps/extended-statistics.js'
export * from './fix/steps/extract-entity.js'
export * from './fix/steps/rewrites.js'
export * from './fix/steps/constraints.js'
export * from './fix/steps/default-privileges.js'
export * from './fix/steps/derived-columns.js'
export * from './fix/steps/exclusion.js'
export * from './fix/steps/gapless-numbers.js'
export * from './fix/steps/indexes.js'
export * from './fix/steps/keys.js'
export * from './fix/steps/monitoring.js'
export * from './fix/steps/materialized-views.js'
export { MONTHS_AHEAD } from './fix/steps/month-partitions.js'
export * from './fix/steps/partition-in-place.js'
export * from './fix/steps/policies.js'
export * from './fix/steps/sequences.js'
export * from './fix/steps/statement.js'
export * from './fix/steps/tables.js'
export * from './fix/steps/views.js'
export { widenKey } from './fix/steps/widen-keys.js'
export { createDependentFinder, type Dependent } from './fix/dependents.js'
export { selectKeys } from './fix/listing.js'
export { newestSyntax } from './fix/syntax.js'
export { newName, quoteColumns, quoteRelation } from './fix/quote.js'
export { quoteIdentifier, quoteLiteral } from './quote.js'
export type { Phase, Step } from './fix/step.js'
export {
  allOf,
  columnsIn,
  columnsOf,
  identityOf,
  loadParser,
  negate,
  parseExpression,
  parseOperand,
  readExpression,
  readOperand,
} from './evidence/catalog/expression.js'
export type { ComparisonOperator, Constant, Expression, Operand } from './evidence/catalog/expression.js'
export { implies, impliesAsCheck, type Verdict } from './evidence/catalog/implication.js'
export type { Answer } from './billing/answer.js'
export * from './billing/conditions.js'
export { type DaySign, holdsDays } from './billing/days.js'
export { holdsMoney } from './billing/money.js'
export { hasWrittenType, tablesWrittenAs } from './billing/written.js'
export { type Compound, compoundId, compoundIn, COMPOUNDS, moneyOf } from './billing/compound.js'
export { type PartRead, partsRead } from './evidence/workload/taken-apart.js'
export { type SplitColumn, splitColumns } from './fix/steps/split-columns.js'
export * from './billing/conventions/columns.js'
export * from './billing/conventions/names.js'
export { rolesOf } from './billing/roles/roles.js'
export { arrivalOf, isReceived, paidInvoiceOf, valuesAllowed } from './billing/receipts.js'
export { recurringRevenueOf, type RecurringRevenue } from './billing/recurring.js'
export { isReconciled, storedSumsOf, type StoredSum } from './billing/stored-sums.js'
export { isMirror, tablesSurelyIn } from './billing/surely.js'
export { allowsOne, onlyPlanOf } from './billing/only-plan.js'
export type { Link, Role, RoleMap, RoleOf } from './billing/roles/role.js'
export { means, mentions, without, wordsOf } from './billing/names.js'
export { isOrdered, periodsOf, type Period } from './billing/period.js'
export { innerDateId, innerDatesOf, insideOf, isHeldInside } from './billing/inner-dates.js'
export {
  findMissingForeignKeyIndexes,
  findRedundantIndexes,
  redundancyOf,
  serveForeignKey,
  serviceOf,
} from './evidence/catalog/index-algebra.js'
export type { MissingIndex, Redundancy, RedundantIndex, Service } from './evidence/catalog/index-algebra.js'
export { equationId, equationsOf, formulaOf, isKept, type Equation } from './billing/arithmetic.js'
export { minedEquationsOf } from './billing/mined-equations.js'
export { usageLimitsOf, type UsageLimit } from './billing/counter.js'
export { codeOf, grantsToOthers, isEndUser, knowsGrants, rolesHeldBy } from './evidence/catalog/access.js'
export {
  checkOf,
  findRowFreeCalls,
  guardColumnsOf,
  isConstantTrue,
  readGuardsOf,
} from './evidence/catalog/row-security.js'
export { hashBoundsOf, isDefaultPartition, rangeBoundsOf } from './evidence/catalog/partition-bounds.js'
export type { RangeBounds } from './evidence/catalog/partition-bounds.js'
export { columnsFedBySequences } from './evidence/catalog/sequence-use.js'
export { packedIndexBytes, packedTableBytes } from './evidence/statistics/air.js'
export { rememberFor } from './evidence/remember.js'
export { heirsOf } from './evidence/catalog/inheritance.js'
export { holdsStatus, isConfined, mayHoldStatus, statusValuesOf, type StatusValues } from './billing/status.js'
export * from './billing/currencies.js'
export { type InnerRows, innerRowsOf, isKeptInside } from './billing/inner-rows.js'
export { AGREEMENTS, saidElsewhere } from './billing/propositions/elsewhere.js'
export { believedOf } from './billing/propositions/believed.js'
export { formatId, IBAN } from './billing/propositions/texts.js'
export { isReadable, sealedId, snakeCase } from './billing/sealed.js'
export { isEnforced } from './billing/propositions/enforced.js'
export type { Proposition } from './billing/propositions/proposition.js'
export { orderId } from './billing/propositions/predicates.js'
export { gapsOf, type Gap } from './billing/uniqueness.js'
export * from './billing/document-number.js'
export { documentTotalsOf, mayTakeBack } from './billing/document-totals.js'
export { growthOf } from './billing/growth/growth.js'
export { type DistributionPlan, planDistribution } from './billing/growth/distribution.js'
export { cadencePricesOf, type CadencePrice } from './billing/cadence.js'
export { areApart, claimOf, type Claim } from './billing/claim.js'
export { groupBy } from './evidence/catalog/group.js'
export { recordsIn, type Records } from './billing/records.js'
export { columnsOfElements } from './billing/element-columns.js'
export { type CheckDefect, findCheckConflicts, findCheckDefects } from './evidence/catalog/check-algebra.js'
export { carriesTenant, tenancyOf, type Tenancy } from './billing/tenant.js'
export { tenanciesOf } from './billing/owners.js'
export * from './billing/states.js'
export { plainState } from './billing/translation.js'
export { polymorphicReferencesOf, type PolymorphicReference } from './billing/polymorphic.js'
export { motionOf, outsideReadsOf, type Motion } from './evidence/catalog/stability.js'
export { inferForeignKeys, type InferredForeignKey } from './evidence/catalog/infer-foreign-keys.js'
export type * from './evidence/sample/model.js'
export { witnessForeignKeys, type WitnessedForeignKey } from './evidence/sample/foreign-keys.js'
export { inclusionId } from './evidence/sample/inclusion.js'
export type { EmbeddedEntity } from './evidence/sample/dependencies.js'
export type { AggregateFact } from './evidence/sample/aggregates.js'
export { splitName, stripEnding } from './evidence/catalog/naming.js'
export { describeGrounds, notLookedAt, weakest } from './evidence/sample/grounds.js'
export { bindQuery } from './evidence/workload/bind.js'
export type * from './evidence/workload/bound.js'
export { castsColumn, typeOf } from './evidence/workload/expression-type.js'
export {
  equalSides,
  fixedNames,
  identify,
  isSingle,
  keyNamesOf,
  keysOf,
  multipliersOf,
  returnsOneRow,
} from './evidence/workload/keys.js'
export { aboutQuery, bindWorkload, type BoundWorkloadQuery } from './evidence/workload/subject.js'
export { indexesLedBy, indexesOnExpression, isFoundOtherwise, isSearch } from './evidence/workload/access.js'
export { editText, spanOf, textOf, type Edit, type Span } from './evidence/workload/splice.js'
export { nearest } from './engine/nearest.js'
export { formatLocation } from './errors.js'
export { at, list, type Node } from './evidence/tree.js'
export {
  findJsonSearches,
  servesJsonSearch,
  type JsonSearch,
  type JsonSearchKind,
  type JsonValue,
} from './evidence/workload/json-searches.js'
export { type Gathered, joinLookup, lookUpAll } from './evidence/workload/gather-lookups.js'
export { lookupOf, type Lookup } from './evidence/workload/lookups.js'
export { countInserted, daysCounted } from './evidence/statistics/age.js'
export { isKnownSmall, statisticsOfScale } from './evidence/statistics/scale.js'
export * from './fix/steps/triggers.js'
export { amountOf, failuresOf, netOf, settlementsOf, type Settlement } from './billing/settlement.js'
export { playersOf, type Player } from './billing/arithmetic.js'
export { dropPlainIndexes, isKeyOf, widenForeignKey } from './fix/steps/widen.js'
export { ownRolesOf } from './billing/roles/own.js'
