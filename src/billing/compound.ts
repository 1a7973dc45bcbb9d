import type { Column } from '../evidence/catalog/model.js'
import { quoteIdentifier, quoteLiteral } from '../quote.js'
import { holdsMoney } from './money.js'

/** A way in which a text says several things: what each is, and what stands between them. */
export interface Compound {
  readonly says: string
  readonly separator: string
  /** A regular expression of the server's for the whole text. */
  readonly pattern: string
  readonly parts: readonly CompoundPart[]
  /** The part that is one of a few words, from 1 on; null where all are numbers. */
  readonly word: number | null
  /** Without a point the numbers may be another thing. */
  readonly needsPoint?: true
}

export interface CompoundPart {
  /** A word for it behind the column's name. */
  readonly called: string
  readonly type: 'numeric' | 'text'
}

const NUMBER = String.raw`-?[0-9]+(\.[0-9]+)?`
const UNIT = String.raw`[[:alpha:]%°µ€$£][[:alpha:]0-9/²³%·.-]{0,15}`
const DEGREES = String.raw`-?[0-9]{1,2}\.[0-9]+`
const LONG_DEGREES = String.raw`-?[0-9]{1,3}\.[0-9]+`

const numbers = (...called: readonly string[]): readonly CompoundPart[] =>
  called.map((one) => ({ called: one, type: 'numeric' }))

/**
 * Ways that hardly any text of one fact is written in. A number before a word needs few different words, or they are names; a word
 * before a number needs cents, or it is a model's; two numbers at a comma need points, or it is a decimal comma.
 */
export const COMPOUNDS: readonly Compound[] = [
  {
    says: 'a number and its unit',
    separator: ' ',
    pattern: `^${NUMBER} ${UNIT}$`,
    parts: [
      { called: 'value', type: 'numeric' },
      { called: 'unit', type: 'text' },
    ],
    word: 2,
  },
  {
    says: 'a currency and an amount',
    separator: ' ',
    pattern: String.raw`^[A-Z]{3} -?[0-9]+\.[0-9]{2}$`,
    parts: [
      { called: 'currency', type: 'text' },
      { called: 'amount', type: 'numeric' },
    ],
    word: 1,
    needsPoint: true,
  },
  ...[',', ', '].map((separator): Compound => ({
    says: 'a latitude and a longitude',
    separator,
    pattern: `^${DEGREES}${separator}${LONG_DEGREES}$`,
    parts: numbers('latitude', 'longitude'),
    word: null,
    needsPoint: true,
  })),
  ...['x', ' x '].flatMap((separator) =>
    [numbers('width', 'height'), numbers('length', 'width', 'height')].map((parts): Compound => ({
      says: `${parts.length === 2 ? 'two' : 'three'} measures of one thing`,
      separator,
      pattern: `^${parts.map(() => NUMBER).join(separator)}$`,
      parts,
      word: null,
    })),
  ),
]

/** An amount of money rather than of anything else: by its name, and words that are written as currencies are. */
export function moneyOf(compound: Compound, column: Column): Compound {
  if (compound !== COMPOUNDS[0] || holdsMoney({ ...column, type: { ...column.type, name: 'numeric' } }) !== 'yes')
    return compound
  return {
    ...compound,
    says: 'an amount and its currency',
    parts: [
      { called: 'amount', type: 'numeric' },
      { called: 'currency', type: 'text' },
    ],
  }
}

/** Identity of the proposition that all texts of a column are written so. */
export function compoundId({ address }: Column, { pattern }: Compound): string {
  return `compound ${address} ${pattern}`
}

/** Of a column's texts: written so, in SQL. */
export function isCompound({ name }: Column, { pattern }: Compound): string {
  return `${quoteIdentifier(name)}::text ~ ${quoteLiteral(pattern)}`
}

const DIGIT = String.raw`(?:\[0-9\]|\\d|\[\[:digit:\]\])`
const TIMES = String.raw`(?:\+|\*|\{\d+(?:,\d*)?\})`
const POINT = String.raw`(?:\\\.|\[\.\])${DIGIT}${TIMES}`
const A_NUMBER = new RegExp(String.raw`(?:-\?|\(-\)\?)?${DIGIT}${TIMES}?(\((?:\?:)?${POINT}\)\?|${POINT})?`, 'g')
const LETTERS = String.raw`\[(?:A-Z|a-z|A-Za-z|a-zA-Z|\[:alpha:\]|\[:upper:\]|\[:lower:\])\]${TIMES}`
const CHOICE = String.raw`\((?:\?:)?[\p{L}%°µ€$£²³/]+(?:\|[\p{L}%°µ€$£²³/]+)+\)`
const A_WORD = new RegExp(`${LETTERS}|${CHOICE}`, 'gu')

/** The way that a regular expression of a CHECK asks for, as far as it is one of these. */
export function compoundIn(pattern: string): Compound | null {
  // What cannot stand in a pattern stands for its parts: a number with or without a point, a word.
  const shape = pattern
    .replaceAll(A_NUMBER, (_, point?: string) => (point === undefined ? '\u0001' : '\u0002'))
    .replaceAll(A_WORD, '\u0003')
  const shapeOf = ({ separator, parts, needsPoint }: Compound) => {
    const number = needsPoint ? '\u0002' : '[\u0001\u0002]'
    return new RegExp(`^\\^${parts.map(({ type }) => (type === 'text' ? '\u0003' : number)).join(separator)}\\$$`)
  }
  return COMPOUNDS.find((compound) => shapeOf(compound).test(shape)) ?? null
}
