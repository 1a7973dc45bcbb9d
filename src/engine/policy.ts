import { compare } from './judge.js'
import { reweigh } from './assess.js'
import { covers, namesRule } from './pattern.js'
import type { Finding } from './result.js'
import type { Facts, Rule, Severity } from './rule.js'
import { findRule } from './select-rules.js'

/** What a configuration says of a rule: `on` leaves its severity to itself. */
export type RuleLevel = 'off' | 'on' | Severity

export type RuleSetting =
  RuleLevel | { readonly severity?: RuleLevel | undefined; readonly options?: Facts | undefined }

/** Rule ids, `category/*` or `*` → setting; the more exact one counts. */
export type RuleSettings = Readonly<Record<string, RuleSetting>>

/** Settings for some objects; all that is given must match. Patterns are those of `covers`. */
export interface Override {
  readonly schemas?: readonly string[] | undefined
  readonly tables?: readonly string[] | undefined
  readonly objects?: readonly string[] | undefined
  readonly files?: readonly string[] | undefined
  readonly rules: RuleSettings
}

/**
 * recommended: all but opinions · billing: the same, with more weight on what touches money (category billing, and rules that
 * are `aboutMoney`) · strict: the same, one step more severe · migrations: only what is about migrating (category migrations)
 * · style: opinions on schemas · hygiene: opinions on how migrations are written. Several add up.
 */
export const PRESETS = ['recommended', 'billing', 'strict', 'migrations', 'style', 'hygiene'] as const
export type Preset = (typeof PRESETS)[number]

/** What a person has decided about the rules. */
export interface Policy {
  readonly presets: readonly Preset[]
  readonly rules: RuleSettings
  readonly overrides: readonly Override[]
  /** What is not judged at all. */
  readonly ignore: {
    readonly schemas: readonly string[]
    readonly tables: readonly string[]
    readonly files: readonly string[]
  }
}

export const DEFAULT_POLICY: Policy = {
  presets: ['recommended'],
  rules: {},
  overrides: [],
  ignore: { schemas: [], tables: [], files: [] },
}

const WORSE: Record<Severity, Severity> = { info: 'warning', warning: 'error', error: 'error' }

/** The rules that can speak under a policy, with their options; with `ids` these alone. Throws ConfigError for an id that does not exist. */
export function chooseRules(
  book: readonly Rule[],
  ids: readonly string[] | undefined,
  policy: Policy,
): readonly Rule[] {
  const wanted =
    ids && ids.length > 0 ? ids.map((id) => findRule(book, id)) : book.filter((rule) => canSpeak(rule, policy))
  return wanted.map((rule) => {
    const options = settingsOf(rule.id, policy.rules).findLast(({ options }) => options)?.options
    return options ? { ...rule, options } : rule
  })
}

/** The finding with the severity that the policy gives it; null when the policy does not want it. `asked`: the rule was named on the command line. */
export function decide(finding: Finding, rule: Rule, policy: Policy, asked: boolean): Finding | null {
  const matching = policy.overrides.filter((override) => isAbout(override, finding))
  const level = [policy.rules, ...matching.map(({ rules }) => rules)]
    .flatMap((settings) => levelIn(settings, rule.id) ?? [])
    .at(-1)
  if (!asked && (level === 'off' || (level === undefined && !isOn(rule, policy.presets)))) return null
  if (level === 'error' || level === 'warning' || level === 'info') return reweigh(finding, level)
  return isRaised(rule, policy.presets) ? reweigh(finding, WORSE[finding.severity]) : finding
}

/** The severity that a rule's findings have under the policy, overrides and their own words aside. */
export function severityUnder(rule: Rule, policy: Policy): Severity {
  const level = levelIn(policy.rules, rule.id)
  if (level === 'error' || level === 'warning' || level === 'info') return level
  return isRaised(rule, policy.presets) ? WORSE[rule.severity] : rule.severity
}

/** The first ignored pattern that the finding falls under. */
export function ignoredBy({ object, address, location }: Finding, { ignore }: Policy): string | undefined {
  const { schema } = object
  return (
    (schema === null ? undefined : ignore.schemas.find((pattern) => covers(pattern, schema, '.'))) ??
    ignore.tables.find((pattern) => covers(pattern, address, '.')) ??
    (location ? ignore.files.find((pattern) => covers(pattern, location.file, '/')) : undefined)
  )
}

function canSpeak(rule: Rule, { presets, rules, overrides }: Policy): boolean {
  const level = levelIn(rules, rule.id)
  if (level === undefined ? isOn(rule, presets) : level !== 'off') return true
  return overrides.some(({ rules: settings }) => (levelIn(settings, rule.id) ?? 'off') !== 'off')
}

function isOn({ category, optIn }: Rule, presets: readonly Preset[]): boolean {
  return presets.some((preset) => {
    if (preset === 'hygiene') return category === 'hygiene'
    if (preset === 'style') return optIn === true && category !== 'hygiene'
    return !optIn && (preset !== 'migrations' || category === 'migrations')
  })
}

function isRaised({ category, aboutMoney }: Rule, presets: readonly Preset[]): boolean {
  return presets.includes('strict') || (presets.includes('billing') && (category === 'billing' || aboutMoney === true))
}

function isAbout({ schemas, tables, objects, files }: Override, { object, address, location }: Finding): boolean {
  const some = (patterns: readonly string[] | undefined, name: string | null | undefined, separator: '.' | '/') =>
    patterns === undefined ||
    (name !== null && name !== undefined && patterns.some((pattern) => covers(pattern, name, separator)))
  return (
    some(schemas, object.schema, '.') &&
    some(tables, address, '.') &&
    some(objects, address, '.') &&
    some(files, location?.file, '/')
  )
}

function levelIn(settings: RuleSettings, id: string): RuleLevel | undefined {
  return settingsOf(id, settings)
    .flatMap(({ severity }) => severity ?? [])
    .at(-1)
}

/** The settings that name a rule, the most exact last. */
function settingsOf(id: string, settings: RuleSettings) {
  return Object.entries(settings)
    .filter(([pattern]) => namesRule(pattern, id))
    .toSorted(([a], [b]) => a.length - b.length || compare(a, b))
    .map(([, setting]) => (typeof setting === 'string' ? { severity: setting, options: undefined } : setting))
}
