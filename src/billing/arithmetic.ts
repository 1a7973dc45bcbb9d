import type { Column, Table } from '../evidence/catalog/model.js'
import type { Answer } from './answer.js'
import { checksOf, relatesAmounts } from './conditions.js'
import { remember, rememberFor } from '../evidence/remember.js'
import { means, mentions, wordsOf, type Meaning } from './names.js'

/**
 * A column that is computed from its neighbours: the sum of `plus` less `minus`; the product of `plus`, less the share of each `minus`;
 * or a markup, the first of `plus` and the share of it that the second says.
 */
export interface Equation {
  readonly target: Column
  readonly form: 'sum' | 'product' | 'markup'
  readonly plus: readonly Column[]
  readonly minus: readonly Column[]
  /** 0 … 1: how sure the names, or the rows, make it. */
  readonly confidence: number
}

/** Types that add up exactly; floats never equal a sum. */
const EXACT = new Set(['int2', 'int4', 'int8', 'numeric', 'money'])

/** Parts that a column can play; only one of them may be in its name. */
const PARTS = [
  'remaining',
  'due',
  'paid',
  'used',
  'limit',
  'adjustment',
  'discount',
  'tax',
  'shipping',
  'surcharge',
  'subtotal',
  'net',
  'gross',
  'quantity',
  'fee',
] as const satisfies readonly Meaning[]

type Part = (typeof PARTS)[number] | 'unitPrice' | 'total' | 'amount' | 'balance'

/** A number of a table by the part that it plays in the table's sums. */
export interface Player {
  readonly column: Column
  readonly part: Part
  /** What else the name says, which must be the same on both sides: `cent`, `refund`. */
  readonly group: string
}

/** The columns of one group by their part. */
type Parts = ReadonlyMap<Part, readonly Column[]>

/** Exact numbers of a table that play a part in its sums. */
export function playersOf(table: Table): readonly Player[] {
  return table.columns.flatMap((column) => playerOf(column) ?? [])
}

/** Equations between a table's columns, as their names and types tell, at most one for a target. */
export const equationsOf = rememberFor((table: Table): readonly Equation[] => {
  const players = playersOf(table)
  if (players.length < 2) return []
  const quantities = players.filter(({ part }) => part === 'quantity').map(({ column }) => column)
  const found = [...new Set(players.map(({ group }) => group))].flatMap((group) => {
    const parts = new Map<Part, Column[]>([['quantity', quantities]])
    for (const { part, column } of players.filter((player) => player.group === group && player.part !== 'quantity'))
      parts.set(part, [...(parts.get(part) ?? []), column])
    return [
      openAmount(parts),
      leftOver(parts),
      lineAmount(parts),
      grandTotal(parts),
      grossAmount(parts),
      afterFee(parts),
    ]
  })
  return found.flatMap((equation, at) => {
    const first = found.findIndex((other) => other?.target === equation?.target)
    return equation && first === at ? [equation] : []
  })
})

/** Identity of the proposition that an equation holds in every row. */
export function equationId({ target, plus, minus }: Equation): string {
  return `equation ${target.address} ${[...plus, ...minus].map(({ name }) => name).join(' ')}`
}

/** What the target is computed by, in SQL, rounded where it has fewer digits than that may have. */
export function formulaOf({ target, form, plus, minus }: Equation, name: (column: Column) => string): string {
  const value = valueOf({ form, plus, minus }, name)
  const scale = scaleOf(target)
  const scales = [...plus, ...minus].map(scaleOf)
  // A target of no fixed scale takes any number of digits.
  if (scale === null || target.type.name === 'money') return value
  const digits = scales.reduce((a, b) => (a === null || b === null ? null : form === 'sum' ? Math.max(a, b) : a + b), 0)
  return digits !== null && digits <= scale ? value : `round(${value}, ${scale})`
}

function valueOf({ form, plus, minus }: Pick<Equation, 'form' | 'plus' | 'minus'>, name: (column: Column) => string) {
  const [first = '', second = ''] = plus.map(name)
  if (form === 'markup') return `${first} * (1 + ${second})`
  if (form === 'sum') return [plus.map(name).join(' + '), ...minus.map(name)].join(' - ')
  return [...plus.map(name), ...minus.map((column) => `(1 - ${name(column)})`)].join(' * ')
}

/** Digits after the point; null where a value may have any number of them. */
function scaleOf({ type }: Column): number | null {
  return type.name === 'numeric' ? type.scale : type.name === 'money' ? 2 : 0
}

/** Whether the database keeps an equation: by a CHECK, a generated column, or a trigger that computes its target. */
export function isKept({ target, plus, minus }: Equation): Answer {
  const { table } = target
  const columns = [target, ...plus, ...minus]
  if (columns.some(({ generated }) => generated)) return 'yes'
  if (checksOf(table).some((check) => relatesAmounts(check, columns))) return 'yes'
  const name = target.name.replaceAll(/\W/g, String.raw`\$&`)
  const assigned = new RegExp(String.raw`\bnew\.("?)${name}\1\s*:?=`, 'i')
  return table.triggers.some(
    ({ timing, function: routine }) => timing === 'before' && assigned.test(routine?.source ?? ''),
  )
    ? 'unknown'
    : 'no'
}

/** due = total − paid; where all three and a remainder stand (Stripe), what remains = due − paid. */
function openAmount(parts: Parts): Equation | null {
  // Credits that the total has taken off already do not lessen what is due once more.
  if (has(parts, 'adjustment') && !grandTotal(parts)) return null
  if (has(parts, 'balance', 'limit', 'used')) return null
  const [paid, due, remaining] = [only(parts, 'paid'), only(parts, 'due'), only(parts, 'remaining')]
  const total = only(parts, 'total') ?? (has(parts, 'total') ? null : (only(parts, 'gross') ?? only(parts, 'amount')))
  if (paid && due && remaining) return sum(remaining, [due], [paid], 0.8)
  const open = due ?? remaining
  return paid && total && open ? sum(open, [total], [paid], 0.85) : null
}

/** remaining = limit − used */
function leftOver(parts: Parts): Equation | null {
  if (has(parts, 'adjustment', 'paid', 'due')) return null
  const [remaining, used] = [only(parts, 'remaining'), only(parts, 'used')]
  const limit = only(parts, 'limit') ?? (has(parts, 'limit') ? null : only(parts, 'total'))
  return remaining && used && limit ? sum(remaining, [limit], [used], 0.85) : null
}

/** amount = quantity × unit price */
function lineAmount(parts: Parts): Equation | null {
  const [quantity, price] = [only(parts, 'quantity'), only(parts, 'unitPrice')]
  const plain = !has(
    parts,
    'adjustment',
    'discount',
    'tax',
    'shipping',
    'surcharge',
    'fee',
    'net',
    'gross',
    'paid',
    'due',
  )
  const whole = has(parts, 'amount') && has(parts, 'total') ? null : (only(parts, 'amount') ?? only(parts, 'total'))
  const target = only(parts, 'subtotal') ?? (plain && !has(parts, 'subtotal') ? whole : null)
  if (!quantity || !price || !target) return null
  return { target, form: 'product', plus: [quantity, price], minus: [], confidence: 0.75 }
}

/** total = subtotal + tax + shipping + surcharge + fee − discount − credits, of which some stand */
function grandTotal(parts: Parts): Equation | null {
  const subtotal = only(parts, 'subtotal')
  const total = only(parts, 'total') ?? (has(parts, 'total') ? null : only(parts, 'amount'))
  const credit = only(parts, 'adjustment')
  const isCredit =
    credit !== null && wordsOf(credit.name).some((word) => /^(?:credit|gutschrift|credito|avoir)$/.test(word))
  if (!subtotal || !total || has(parts, 'net', 'gross') || (has(parts, 'adjustment') && !isCredit)) return null
  const additions: readonly Part[] = ['tax', 'shipping', 'surcharge', 'fee']
  if ([...additions, 'discount' as const].some((part) => (parts.get(part)?.length ?? 0) > 1)) return null
  const added = additions.flatMap((part) => only(parts, part) ?? [])
  const discount = only(parts, 'discount')
  if (added.length === 0 && !discount && !credit) return null
  const taken = [...(discount ? [discount] : []), ...(credit ? [credit] : [])]
  return sum(total, [subtotal, ...added], taken, credit ? 0.65 : discount ? 0.75 : 0.8)
}

/** gross = net + tax */
function grossAmount(parts: Parts): Equation | null {
  const [net, tax] = [only(parts, 'net'), only(parts, 'tax')]
  const gross = only(parts, 'gross') ?? (has(parts, 'gross', 'subtotal') ? null : only(parts, 'total'))
  if (!net || !tax || !gross || has(parts, 'shipping', 'surcharge', 'fee', 'adjustment')) return null
  return sum(gross, [net, tax], [], 0.85)
}

/** net = gross − fee, as of a payment's provider */
function afterFee(parts: Parts): Equation | null {
  const [net, fee] = [only(parts, 'net'), only(parts, 'fee')]
  const gross = only(parts, 'gross') ?? (has(parts, 'gross') ? null : only(parts, 'amount'))
  if (!net || !fee || !gross || has(parts, 'tax', 'discount', 'adjustment', 'shipping', 'surcharge')) return null
  return sum(net, [gross], [fee], 0.8)
}

function sum(target: Column, plus: readonly Column[], minus: readonly Column[], confidence: number): Equation {
  return { target, form: 'sum', plus, minus, confidence }
}

function only(parts: Parts, part: Part): Column | null {
  const [column, ...more] = parts.get(part) ?? []
  return column && more.length === 0 ? column : null
}

function has(parts: Parts, ...of: readonly Part[]): boolean {
  return of.some((part) => (parts.get(part)?.length ?? 0) > 0)
}

function playerOf(column: Column): Player | null {
  if (!EXACT.has(column.type.name) || column.identity) return null
  const { words, part } = partByName(column.name)
  return part ? { column, part, group: groupOf(words, part, column.table) } : null
}

const partByName = remember(5_000, (name): { readonly words: readonly string[]; readonly part: Part | null } => {
  const words = wordsOf(name)
    .join(' ')
    .replace(/\bsub total\b/, 'subtotal')
    .split(' ')
  const isBound = words.some((word) => /^(?:min|minimum|minimo|mindest|max|maximum|maximo)$/.test(word))
  return { words, part: isBound || mentions(words, 'rate', 'identity', 'span', 'count') ? null : partOf(words) }
})

function partOf(words: readonly string[]): Part | null {
  // A bound of something, not the thing.
  if (words.some((word) => /^(?:min|minimum|minimal|mindest|minimo|minima)$/.test(word))) return null
  const parts = PARTS.filter((part) => mentions(words, part))
  if (mentions(words, 'unit') && mentions(words, 'price', 'amount', 'cost'))
    return parts.length === 0 ? 'unitPrice' : null
  if (parts.length > 1) return null
  const [part] = parts
  if (part) return part
  if (mentions(words, 'balance')) return 'balance'
  if (mentions(words, 'total')) return 'total'
  if (words.length === 1 && mentions(words, 'price')) return 'unitPrice'
  return mentions(words, 'amount') ? 'amount' : null
}

/** Words that say neither the part nor what it is a part of. */
function groupOf(words: readonly string[], part: Part, table: Table): string {
  const tableWords = wordsOf(table.name)
  const meaning: Meaning = part === 'unitPrice' ? 'unit' : part
  const silent: readonly Meaning[] = ['amount', 'total', 'price', 'charge', 'balance', 'document', 'record', meaning]
  const costs: readonly Meaning[] = part === 'shipping' ? ['cost'] : []
  return words
    .filter((word) => !means(word, ...silent, ...costs) && !tableWords.includes(word))
    .filter((word) => !/^(?:current|value|all|de|da|do|le|la|el|the|of)$/.test(word))
    .toSorted()
    .join(' ')
}
