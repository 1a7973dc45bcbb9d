/** Reads the key–value pairs that sqlcommenter appends to a statement; see https://google.github.io/sqlcommenter/spec. */
export function readTags(sql: string): Readonly<Record<string, string>> {
  const [, comment] = /\/\*\s*((?:[\w%.-]+='(?:[^'\\]|\\.)*'\s*,?\s*)+)\*\/\s*;?\s*$/.exec(sql) ?? []
  if (comment === undefined) return {}
  return Object.fromEntries(
    [...comment.matchAll(/([\w%.-]+)='((?:[^'\\]|\\.)*)'/g)].map(([, key = '', value = '']) => [
      decode(key),
      decode(value.replaceAll(/\\(.)/g, '$1')),
    ]),
  )
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
