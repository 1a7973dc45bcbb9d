import { ConfigError } from '../errors.js'
import type { Rule } from './rule.js'
import { nearest } from './nearest.js'

/** The rules with these ids; without ids, all that are not opinions. Throws ConfigError, with the nearest id as a hint, for one that does not exist. */
export function selectRules(rules: readonly Rule[], ids: readonly string[] | undefined): readonly Rule[] {
  if (!ids || ids.length === 0) return rules.filter(({ optIn }) => !optIn)
  return ids.map((id) => findRule(rules, id))
}

/** The rule with this id; see `selectRules` for the error. */
export function findRule(rules: readonly Rule[], id: string): Rule {
  const rule = rules.find((candidate) => candidate.id === id)
  if (rule) return rule
  const near = nearest(
    id,
    rules.map((candidate) => candidate.id),
  )
  throw new ConfigError(`There is no rule «${id}».`, {
    hint: near ? `Did you mean «${near}»?` : '`pg-billing-audit rules` lists them all.',
  })
}
