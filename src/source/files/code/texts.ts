import { quoteIdentifier, quoteLiteral } from '../../../quote.js'
import { joinTexts, sliceText, type Text, textAt, UNKNOWN, type Value } from './value.js'

/** What a method of a string gives. */
export function callMethodOfText(value: Text, name: string, values: readonly Value[], offset: number): Value {
  const [first] = values
  switch (name) {
    case 'trim':
    case 'trimStart':
    case 'trimEnd': {
      const from = name === 'trimEnd' ? 0 : value.text.length - value.text.trimStart().length
      const to = name === 'trimStart' ? value.text.length : value.text.trimEnd().length
      return sliceText(value, from, Math.max(from, to))
    }
    case 'split':
      return first?.kind === 'text' && first.text !== ''
        ? { kind: 'list', items: splitText(value, first.text) }
        : UNKNOWN
    case 'concat':
      return (values.every((item): item is Text => item.kind === 'text') && joinTexts([value, ...values])) || UNKNOWN
    case 'toLowerCase':
    case 'toUpperCase': {
      const text = name === 'toLowerCase' ? value.text.toLowerCase() : value.text.toUpperCase()
      return text.length === value.text.length ? { ...value, text } : textAt(text, offset)
    }
    case 'toString':
    case 'valueOf':
    case 'compile':
    case 'as':
    case 'nolog':
      return value
    default:
      return UNKNOWN
  }
}

function splitText(value: Text, separator: string): readonly Text[] {
  const parts: Text[] = []
  let from = 0
  for (let at = value.text.indexOf(separator); at >= 0; at = value.text.indexOf(separator, from)) {
    parts.push(sliceText(value, from, at))
    from = at + separator.length
  }
  return [...parts, sliceText(value, from)]
}

/** `{name}` of node-pg-migrate: texts are names, numbers are numbers. */
export function bindBraces(sql: Text, values: Value): Text | null {
  if (values.kind !== 'record') return sql
  const parts: Text[] = []
  let from = 0
  for (const found of sql.text.matchAll(/\{(\w+)\}/g)) {
    const value = values.entries.get(found[1] ?? '')
    if (!value) continue
    if (value.kind !== 'text') return null
    const text = /^\d+$/.test(value.text) ? value.text : quoteIdentifier(value.text)
    parts.push(sliceText(sql, from, found.index), { ...textAt(text, sql.origins[found.index] ?? 0), file: sql.file })
    from = found.index + found[0].length
  }
  return joinTexts([...parts, sliceText(sql, from)])
}

const PLACEHOLDER = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\\\?|\?\??|\$\d+|::|:\w+:?/g

/**
 * SQL with its values in place of `?`, `??`, `$1`, `:name` and `:name:`; null when one of them is not known. Without values
 * the text is as it is.
 */
export function bindPlaceholders(sql: Text, values: Value | null): Text | null {
  const given =
    values?.kind === 'record' ? (values.entries.get('replacements') ?? values.entries.get('bind') ?? values) : values
  const isOptions = given?.kind === 'record' && given === values && !/:\w/.test(sql.text)
  if (
    !given ||
    given.kind === 'handle' ||
    isOptions ||
    (given.kind === 'unknown' && !/\?|\$\d|(?<!:):\w/.test(sql.text))
  )
    return sql
  const parts: Text[] = []
  let from = 0
  let next = 0
  for (const found of sql.text.matchAll(PLACEHOLDER)) {
    const [mark] = found
    if (/^['"-]|^::$/.test(mark)) continue
    const value = mark.startsWith('$')
      ? memberAt(given, String(Number(mark.slice(1)) - 1))
      : mark.startsWith(':')
        ? memberAt(given, mark.replaceAll(':', ''))
        : mark === '\\?'
          ? '?'
          : memberAt(given, String(next++))
    if (value === undefined && mark.startsWith(':')) continue
    const text = mark === '\\?' ? '?' : written(value as Value | undefined, mark === '??' || mark.endsWith(':'))
    if (text === null) return null
    parts.push(sliceText(sql, from, found.index), { ...textAt(text, sql.origins[found.index] ?? 0), file: sql.file })
    from = found.index + mark.length
  }
  return joinTexts([...parts, sliceText(sql, from)])
}

function memberAt(values: Value, key: string): Value | undefined {
  if (values.kind === 'list') return values.items[Number(key)]
  if (values.kind === 'record') return values.entries.get(key)
  return key === '0' ? values : undefined
}

function written(value: Value | undefined, identifier: boolean): string | null {
  if (value?.kind !== 'text') return null
  if (identifier) return value.text.split('.').map(quoteIdentifier).join('.')
  return /^-?\d+(?:\.\d+)?$/.test(value.text) ? value.text : quoteLiteral(value.text)
}
