import type { Evidence, EvidenceKind } from '../evidence/model.js'
import type { Grounds } from '../evidence/sample/model.js'
import type { Subject } from '../evidence/catalog/model.js'
import type { WorkloadQuery } from '../evidence/workload/model.js'
import type { Target } from '../evidence/target.js'
import type { Step } from '../fix/step.js'

/** error: will break, lose data or lock · warning: is wrong · info: could be better. */
export type Severity = 'error' | 'warning' | 'info'

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }
export type Facts = { readonly [key: string]: Json }

/** What a finding rests on. declared: the catalog says so · observed: seen when the migration ran on a scratch server · measured: counters and statistics · sampled: rows looked at · verified: a full check · inferred: names and shape. */
export type Tier = 'declared' | 'observed' | 'measured' | 'sampled' | 'verified' | 'inferred'

/** 1NF is broken by a list in a column, 2NF by a partial, 3NF by a transitive dependency, BCNF by a determinant that is no key. */
export type NormalForm = '1NF' | '2NF' | '3NF' | 'BCNF'

export type Level = 'low' | 'medium' | 'high'

/** How much a finding matters and costs, when the rule knows better than its own defaults. */
export interface Assessment {
  readonly severity?: Severity
  readonly tier?: Tier
  readonly impact?: Level
  readonly complexity?: Level
  /** 0 … 1. */
  readonly confidence?: number
}

/** What `detect` yields: an object, and plain data about it from which words and cure are made. */
export interface Detection<S extends Subject = Subject, F extends Facts = Facts> {
  readonly on: S
  readonly facts: F
  /** Other objects that take part. */
  readonly related?: readonly Subject[]
  readonly assessment?: Assessment
  /** The normal form that it breaks, where it is another than the rule's; null for none. */
  readonly breaks?: NormalForm | null
  /** What rows told about it; gives the finding its tier, and decides whether statements may be offered. */
  readonly grounds?: Grounds
}

/** A statement in place of a query. */
export interface Rewrite {
  readonly text: string
  /** What it must return the same rows as; the query itself when not given. */
  readonly instead?: string
  /** The query that it is about, of a finding on something else. */
  readonly of?: WorkloadQuery
  /** Another one, in which it is joined to the query before it. */
  readonly joined?: { readonly text: string; readonly instead: string }
}

export interface RuleDocs {
  /** What to do, in one sentence. */
  readonly summary: string
  /** What happens otherwise. */
  readonly why: string
  /** SQL on which this rule fires; run by the tests. */
  readonly bad: string
  /** SQL on which it does not; run by the tests. */
  readonly good: string
  /** When it is right to leave things as they are. */
  readonly unless?: string
  readonly references: readonly string[]
}

/** The evidence that a rule with these needs receives. */
export type Needed<N extends EvidenceKind> = { readonly [K in N]: NonNullable<Evidence[K]> }

/** Evidence that a rule can do without; null when there is none. */
export type Used<U extends EvidenceKind> = { readonly [K in U]: Evidence[K] }

/** What words and cure are made of. */
export type Found<N extends EvidenceKind, S extends Subject, F extends Facts> = Needed<N> & {
  readonly on: S
  readonly facts: F
}

export interface RuleDefinition<
  N extends EvidenceKind = EvidenceKind,
  S extends Subject = Subject,
  F extends Facts = Facts,
  U extends EvidenceKind = EvidenceKind,
> {
  readonly severity: Severity
  /** Default `declared`. */
  readonly tier?: Tier
  /** What stays wrong if nothing is done; default by severity: error high, warning medium, info low. */
  readonly impact?: Level
  /** The effort of the cure; default low. */
  readonly complexity?: Level
  /** 0 … 1; default 1 for `declared`, 0.8 for `inferred`. */
  readonly confidence?: number
  /** An opinion, such as style: judged only when it is asked for. */
  readonly optIn?: true
  /** Money is lost or misstated when it is broken; the preset `billing` gives it more weight, as it does to the category billing. */
  readonly aboutMoney?: true
  /** The normal form that a finding of this rule breaks. */
  readonly breaks?: NormalForm
  readonly docs: RuleDocs
  readonly needs: readonly N[]
  /** Days that the server must have counted: with fewer, or where that is not known, the rule is skipped. */
  readonly countedDays?: number
  /** Evidence that sharpens the judgement where there is some. */
  readonly uses?: readonly U[]
  detect(evidence: Needed<N> & Used<U> & { readonly options: Facts }): Iterable<Detection<S, F>>
  /** One sentence: what is wrong, with the object's name. */
  message(found: Found<N, S, F>): string
  /** What to do about this finding, in words, where `docs.summary` is not exact enough. */
  advice?(found: Found<N, S, F>): string
  /** Ids of rules, or `category/*`, whose findings the cure may bring to light: the defect was there, and nothing could see it. */
  readonly reveals?: readonly string[]
  /** Ids of rules that say more of the same object: where one of them speaks of it, this one is silent. */
  readonly yieldsTo?: readonly string[]
  /** Of a finding on a query, a statement that does the same without the defect, made of `query.text`; null where none can be made. Shown only when it is proven. */
  rewrite?(found: Found<N, S, F>): Rewrite | string | null
  /** The cure as steps. Steps with `review` make it a decision. An empty list is no cure. */
  fix?(found: Found<N, S, F> & { readonly target: Target }): readonly Step[]
}

/** A rule with its identity, which is its path below `rules/`: `category/defect`. */
export interface Rule extends RuleDefinition<EvidenceKind, Subject, Facts> {
  readonly id: string
  readonly category: string
  /** What the configuration hands to `detect`. */
  readonly options?: Facts
}

/** Gives a rule its types; a rule file's default export. */
export function rule<
  const N extends EvidenceKind,
  S extends Subject,
  F extends Facts,
  const U extends EvidenceKind = never,
>(definition: RuleDefinition<N, S, F, U>): RuleDefinition<N, S, F, U> {
  return definition
}
