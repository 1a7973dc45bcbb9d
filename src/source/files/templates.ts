import { applyEdits, type Edit, type EditedText } from './edits.js'

/** A rendered template. */
export interface Rendered extends EditedText {
  /** Placeholders without a value, whose names stand in for it. */
  readonly guessed: readonly { readonly name: string; readonly offset: number }[]
  /** Template commands that are not understood and were left out. */
  readonly unknown: readonly { readonly text: string; readonly offset: number }[]
}

const PLACEHOLDER = String.raw`\$\{\s*[\w.:-]+\s*\}|\{\{-?[^{}\n]*-?\}\}|\{%-?[^%]*-?%\}|\{#[^#]*#\}|(?<![\w@])@[A-Za-z]\w*(?=\.[A-Za-z])`
const MAY_HOLD_PLACEHOLDER = /\$\{|\{\{|\{%|@[A-Za-z]\w*\./
const TOKEN = new RegExp(String.raw`(--[^\n]*|/\*[^]*?\*/)|('[^']*')|(${PLACEHOLDER})`, 'g')
const IN_QUOTES = new RegExp(PLACEHOLDER, 'g')
const GO_FIELD = /^\{\{-?\s*\.[A-Za-z]/
const CALL =
  /^(?:if|else|elif|elsif|end|endif|with|range|for|endfor|define|template|block|include|set|import|macro|endmacro)\b/

/**
 * Renders `${name}`, `{{ name }}` and `@name.` with the variables, and `{{ if }} … {{ else }} … {{ end }}` by whether they are set.
 * Inside single quotes only known variables and `{{ .Field }}` are replaced, because `'{{1,2},{3,4}}'` is an array.
 */
export function renderTemplate(text: string, variables: ReadonlyMap<string, string>): Rendered {
  if (!MAY_HOLD_PLACEHOLDER.test(text)) return { ...applyEdits(text, []), guessed: [], unknown: [] }
  const edits: Edit[] = []
  const guessed: { name: string; offset: number }[] = []
  const unknown: { text: string; offset: number }[] = []
  const branches: { taken: boolean; from: number }[] = []

  const replace = (found: string, start: number, quoted: boolean) => {
    const inner = found.replace(/^(?:\$\{|\{\{-?|\{%-?|\{#|@)|(?:-?\}\}|-?%\}|#\}|\})$/g, '').trim()
    const edit = (value: string) => edits.push({ start, end: start + found.length, text: value })
    if (found.startsWith('{') && (CALL.test(inner) || found.startsWith('{%') || found.startsWith('{#'))) {
      if (quoted) return
      const [word = '', ...rest] = inner.split(/\s+/)
      if (/^(?:end|endif)$/.test(word)) closeBranch(start)
      else if (/^else$/.test(word)) turnBranch(start)
      else if (word === 'if' || word === 'with')
        branches.push({ taken: holds(rest, variables), from: start + found.length })
      else if (!/^\/\*|^$/.test(inner) && !found.startsWith('{#')) unknown.push({ text: found, offset: start })
      edit('')
      return
    }
    const name = nameIn(inner)
    const value = name === null ? undefined : (variables.get(name) ?? variables.get(inner))
    if (value !== undefined) edit(value)
    else if (name !== null && (!quoted || GO_FIELD.test(found))) {
      guessed.push({ name, offset: start })
      edit(name.replace(/\W/g, '_'))
    } else if (!quoted && found.startsWith('{{') && inner.startsWith('/*')) edit('')
  }
  const leaveOut = (from: number, to: number) => {
    for (let index = edits.length - 1; index >= 0 && edits[index]!.start >= from; index--) edits.pop()
    if (to > from) edits.push({ start: from, end: to, text: '' })
  }
  const turnBranch = (at: number) => {
    const branch = branches.at(-1)
    if (!branch) return
    if (!branch.taken) leaveOut(branch.from, at)
    branch.taken = !branch.taken
    branch.from = at
  }
  const closeBranch = (at: number) => {
    const branch = branches.pop()
    if (branch && !branch.taken) leaveOut(branch.from, at)
  }

  for (const found of text.matchAll(TOKEN)) {
    const [whole, comment, string, placeholder] = found
    if (placeholder) replace(placeholder, found.index, false)
    else if (string)
      for (const inside of string.matchAll(IN_QUOTES)) replace(inside[0], found.index + inside.index, true)
    else if (comment?.startsWith('--')) {
      for (const inside of whole.matchAll(/\{\{-?\s*(?:if|else|end)\b[^{}\n]*\}\}/g)) {
        replace(inside[0], found.index + inside.index, false)
      }
    }
  }
  return { ...applyEdits(text, mergeEdits(edits)), guessed, unknown }
}

/** `.Schema`, `schema`, `index .Options "Name"`, `env "NAME"`, `flyway:defaultSchema` → the name. */
function nameIn(inner: string): string | null {
  const name =
    /^[.$]?([A-Za-z_][\w.:-]*)$/.exec(inner)?.[1] ?? /^[A-Za-z]\w*\s+.*["']([\w.-]+)["']\s*$/.exec(inner)?.[1]
  const piped = /^[.$]?([A-Za-z_][\w.]*)\s*\|/.exec(inner)?.[1]
  return name ?? piped ?? null
}

function holds(words: readonly string[], variables: ReadonlyMap<string, string>): boolean {
  const negated = words[0] === 'not'
  const value = variables.get(nameIn(words.slice(negated ? 1 : 0).join(' ')) ?? '')
  const truth = value !== undefined && !/^(?:|0|false|no|off)$/i.test(value)
  return truth !== negated
}

/** Drops edits that lie inside an earlier one. */
function mergeEdits(edits: readonly Edit[]): readonly Edit[] {
  const merged: Edit[] = []
  for (const edit of edits.toSorted((a, b) => a.start - b.start || b.end - a.end)) {
    if (edit.start >= (merged.at(-1)?.end ?? 0)) merged.push(edit)
  }
  return merged
}
