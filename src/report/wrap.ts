const WIDE =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\uff01-\uff60]$/u
const ZERO_WIDTH = /^(?:\p{Mark}|\p{Default_Ignorable_Code_Point})$/u
/** Quoted names, strings, dollar quotes, comments and short parentheses are one token, and so is a run of blanks. */
const SQL_TOKEN =
  /"(?:[^"]|"")*"|'(?:[^']|'')*'|\$(\w*)\$[\s\S]*?\$\1\$|--[^\n]*|\/\*[\s\S]*?\*\/|\([^()'"\n]{1,30}\)|\s+|[^\s"'$/(-]+|./g

/** Columns that a text takes on a terminal. */
export function displayWidth(text: string): number {
  let width = 0
  for (const character of text) width += ZERO_WIDTH.test(character) ? 0 : WIDE.test(character) ? 2 : 1
  return width
}

/** Breaks one line of text at blanks; a word that is longer than a line stands alone. */
export function wrap(text: string, width: number): readonly string[] {
  return fill(text.split(' '), width)
}

/** Breaks SQL of one line after statements, and at blanks outside quotes, so that it still means the same; SQL of several lines keeps them. */
export function wrapSql(sql: string, width: number): readonly string[] {
  if (sql.includes('\n')) return sql.split('\n')
  const statements: string[][] = [['']]
  for (const [token] of sql.matchAll(SQL_TOKEN)) {
    const words = statements.at(-1) ?? []
    if (!/^\s+$/.test(token)) words[words.length - 1] += token
    else if (words.at(-1)?.endsWith(';')) statements.push([''])
    else words.push('')
  }
  return statements.flatMap((words) => fill(words, width - 2).map((line, at) => (at === 0 ? line : `  ${line}`)))
}

function fill(words: readonly string[], width: number): readonly string[] {
  const lines: string[] = []
  let line = ''
  let used = 0
  for (const word of words) {
    const length = displayWidth(word)
    if (line !== '' && used + 1 + length > width) {
      lines.push(line)
      line = ''
      used = 0
    }
    used += line === '' ? length : length + 1
    line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
