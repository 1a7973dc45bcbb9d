import type { Column, Table } from '../../evidence/catalog/model.js'
import type { CodedTable } from '../../evidence/sample/codes.js'
import { quoteIdentifier } from '../../quote.js'
import { holdsMoney } from '../money.js'
import { mentions, wordsOf } from '../names.js'
import type { Proposition } from './proposition.js'

const NUMERIC = /^(?:int[248]|numeric|float[48]|money)$/

/** Quantities that nature or trade keeps from being negative. */
const MEASURED =
  /^(?:weight|size|length|width|height|depth|area|volume|capacity|duration|bytes|hour|minute|second|seat|unit|stock|point|lead|distance|population|salary|wage|freight|attempt|retry|gewicht|laenge|breite|hoehe|poids|longueur|peso|largo|ancho)$/
/** Names of numbers that have two directions. */
const SIGNED =
  /^(?:balance|delta|adjust|adjusted|adjustment|net|margin|profit|loss|change|difference|diff|variance|offset|lat|latitude|lon|lng|long|longitude|gmt|utc|temperature|gain|growth|score|trend|correction|credit|debit|refund|x|y|z|saldo|differenz|abweichung|reorder)$/
const STRICT = /^(?:quantity|qty|price|interval|size|weight|menge|anzahl|preis|quantite|prix|cantidad|precio)$/
const PERCENT =
  /^(?:percent|percentage|pct|perc|prozent|pourcentage|porcentaje|probability|share|anteil|commission|discount)$/
const PARTS_OF_TIME: Readonly<Record<string, readonly [number, number]>> = {
  month: [1, 12],
  hour: [0, 23],
  weekday: [0, 7],
  monat: [1, 12],
}

/** Signs and ranges that a number's name and type suggest; the stricter of several is to be believed where it holds. */
export function proposeAmounts(table: Table, coded: CodedTable | null): readonly Proposition[] {
  return table.columns.flatMap((column): readonly Proposition[] => {
    if (!NUMERIC.test(column.type.name) || column.identity || column.generated || column.inherited) return []
    if (isKeyed(column)) return []
    const words = wordsOf(column.name)
    if (mentions(words, 'identity') || words.some((word) => SIGNED.test(word))) return []
    const name = quoteIdentifier(column.name)
    const zero = column.type.name === 'money' ? '0::money' : '0'
    const make = (family: string, expression: string, contradiction: string, rank: number): Proposition => ({
      id: `${family} ${column.address} ${expression}`,
      family,
      table,
      columns: [column],
      expression,
      contradiction,
      group: `${family === 'range' ? 'sign' : family} ${column.address}`,
      rank,
      byName: 0,
    })
    const last = words.at(-1) ?? ''
    const time = words.length <= 2 ? PARTS_OF_TIME[last] : undefined
    if (time) return [make('range', `${name} between ${time[0]} and ${time[1]}`, `${column.name} is no ${last}`, 3)]
    if (coded === null) return []
    const percents = words.some((word) => PERCENT.test(word))
      ? [
          make('range', `${name} between 0 and 1`, `${column.name} is no share of 1`, 4),
          make('range', `${name} between 0 and 100`, `${column.name} is no percentage`, 3),
        ].filter(() => last !== 'discount' || /^(?:numeric|float[48])$/.test(column.type.name))
      : []
    const amount =
      holdsMoney(column) === 'yes' ||
      mentions(
        words,
        'quantity',
        'count',
        'limit',
        'used',
        'tax',
        'discount',
        'fee',
        'price',
        'amount',
        'cost',
        'total',
        'subtotal',
        'span',
        'rate',
      ) ||
      words.some((word) => MEASURED.test(word))
    if (!amount) return percents
    const strict = words.some((word) => STRICT.test(word))
    return [
      ...percents,
      ...(strict ? [make('sign', `${name} > ${zero}`, `${column.name} is not above zero`, 2)] : []),
      make('sign', `${name} >= ${zero}`, `${column.name} is negative`, 1),
    ]
  })
}

function isKeyed(column: Column): boolean {
  const { table } = column
  return (
    table.primaryKey?.columns.includes(column) === true ||
    table.foreignKeys.some(({ columns }) => columns.includes(column))
  )
}
