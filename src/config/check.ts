import { z } from 'zod'
import { nearest } from '../engine/nearest.js'
import { namesRule } from '../engine/pattern.js'
import { ConfigError, formatLocation, type Location } from '../errors.js'
import type { KeyPath } from './place.js'
import { type Config, configSchema } from './schema.js'

const SHOWN = 5

type Locate = (path: KeyPath) => Location

/** A complaint about one place of a configuration. */
interface Complaint {
  readonly path: KeyPath
  readonly text: string
  readonly meant?: string | undefined
}

/** The value as a configuration. Throws ConfigError that names the line of each key that is wrong. */
export function checkConfig(value: unknown, locate: Locate): Config {
  const parsed = configSchema.safeParse(value)
  if (parsed.success) return parsed.data
  throw complain(
    parsed.error.issues.flatMap((issue) => describe(issue, value)),
    locate,
  )
}

/** Throws ConfigError for rules that do not exist, with the line of each. */
export function checkRules(config: Config, known: readonly string[], locate: Locate): void {
  const keys = (settings: object | undefined, path: KeyPath) =>
    Object.keys(settings ?? {}).map((rule) => ({ rule, path: [...path, rule] }))
  const named = [
    ...keys(config.rules, ['rules']),
    ...(config.overrides ?? []).flatMap(({ rules }, at) => keys(rules, ['overrides', at, 'rules'])),
    ...(config.suppressions ?? []).flatMap(({ rules }, at) =>
      rules.map((rule, index) => ({ rule, path: ['suppressions', at, 'rules', index] })),
    ),
  ]
  const unknown = named.filter(({ rule }) => !known.some((id) => namesRule(rule, id)))
  if (unknown.length === 0) return
  throw complain(
    unknown.map(({ rule, path }) => ({ path, text: `There is no rule «${rule}».`, meant: nearest(rule, known) })),
    locate,
  )
}

function complain(complaints: readonly Complaint[], locate: Locate): ConfigError {
  const lines = complaints
    .slice(0, SHOWN)
    .map(
      ({ path, text, meant }) =>
        `${formatLocation(locate(path))}: ${text}${meant === undefined ? '' : ` Did you mean «${meant}»?`}`,
    )
  const more = complaints.length - SHOWN
  return new ConfigError([...lines, ...(more > 0 ? [`… and ${more} more.`] : [])].join('\n'), {
    hint: '`schema/config.json` in the package describes every key; `init` writes a configuration to start from.',
  })
}

function describe(issue: z.core.$ZodIssue, root: unknown): readonly Complaint[] {
  const { path } = issue
  const name = path.length > 0 ? path.map(String).join('.') : 'The configuration'
  const value = path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], root)
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: [...path, key],
      text: `There is no key «${key}»${path.length > 0 ? ` in ${name}` : ''}.`,
      meant: nearest(key, keysAt(path)),
    }))
  }
  if (issue.code === 'invalid_value') return [notOneOf(name, value, issue.values.map(String), path)]
  if (issue.code === 'invalid_union') {
    const inner = issue.errors.flat()
    const values = inner.flatMap((one) => (one.code === 'invalid_value' ? one.values.map(String) : []))
    if (typeof value === 'string' && values.length > 0) return [notOneOf(name, value, values, path)]
    const deeper = inner.filter(({ path: below, code }) => below.length > 0 || code === 'unrecognized_keys')
    if (deeper.length > 0) return deeper.flatMap((one) => describe({ ...one, path: [...path, ...one.path] }, root))
  }
  if (issue.code === 'invalid_type') return [{ path, text: `${name} must be ${articleFor(issue.expected)}.` }]
  return [{ path, text: `${name}: ${issue.message.replace(/\.?$/, '.')}` }]
}

function notOneOf(name: string, value: unknown, values: readonly string[], path: KeyPath): Complaint {
  const meant = typeof value === 'string' ? nearest(value, values) : undefined
  return { path, text: `${name} is «${String(value)}», and must be one of ${values.join(', ')}.`, meant }
}

/** The keys that an object at this path may have. */
function keysAt(path: KeyPath): readonly string[] {
  let schema: z.core.$ZodType | undefined = configSchema
  for (const key of path) {
    schema = unwrap(schema)
    if (schema instanceof z.ZodObject) schema = (schema.shape as Record<PropertyKey, z.core.$ZodType>)[key]
    else if (schema instanceof z.ZodArray) schema = schema.element as z.core.$ZodType
    else if (schema instanceof z.ZodRecord) schema = schema.valueType as z.core.$ZodType
  }
  schema = unwrap(schema)
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : []
}

function unwrap(schema: z.core.$ZodType | undefined): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodOptional) return unwrap(schema.unwrap() as z.core.$ZodType)
  if (schema instanceof z.ZodUnion)
    return unwrap(schema.options.find((option) => option instanceof z.ZodObject) as never)
  return schema
}

function articleFor(type: string): string {
  const names: Record<string, string> = { array: 'a list', object: 'an object', record: 'an object', int: 'an integer' }
  return names[type] ?? `a ${type}`
}
