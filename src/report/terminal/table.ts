import type { ChalkInstance } from 'chalk'
import Table from 'cli-table3'

/** How the columns of a table lie. */
interface Layout {
  /** Columns that are aligned to the right. */
  readonly right?: readonly number[]
  /** Widths with padding; content decides where absent. */
  readonly widths?: readonly number[]
}

/** A table without lines. */
export function renderTable(
  chalk: ChalkInstance,
  titles: readonly string[],
  rows: readonly (readonly string[])[],
  layout: Layout,
): string {
  const none = {
    top: '',
    'top-mid': '',
    'top-left': '',
    'top-right': '',
    bottom: '',
    'bottom-mid': '',
    'bottom-left': '',
    'bottom-right': '',
  }
  const lines = { left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '' }
  const table = new Table({
    head: titles.map((title) => chalk.dim(title)),
    chars: { ...none, ...lines },
    style: { head: [], border: [], 'padding-left': 2, 'padding-right': 0 },
    colAligns: titles.map((_, at) => (layout.right?.includes(at) ? 'right' : 'left')),
    ...(layout.widths ? { colWidths: [...layout.widths], wordWrap: true } : {}),
  })
  table.push(...rows.map((row) => [...row]))
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}
