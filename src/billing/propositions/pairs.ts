import type { Column, Table } from '../../evidence/catalog/model.js'
import type { CodedTable } from '../../evidence/sample/codes.js'
import { splitName, stripEnding } from '../../evidence/catalog/naming.js'
import { quoteIdentifier } from '../../quote.js'
import { periodsOf } from '../period.js'
import { wordsOf } from '../names.js'
import type { Proposition } from './proposition.js'

const BOUNDS: readonly (readonly [RegExp, RegExp])[] = [
  [/^(?:min|minimum|lower|lowest|low|floor|minimo)$/, /^(?:max|maximum|upper|highest|high|ceiling|maximo)$/],
  [/^(?:from|von|de|desde)$/, /^(?:to|bis|until|hasta|a)$/],
]
/** What happens before what. */
const SEQUENCE: readonly (readonly [RegExp, RegExp])[] = [
  [
    /^(?:issue|issued|invoice|order|ordered|bill|billed|placed|rechnung)$/,
    /^(?:due|ship|shipped|delivered|delivery|paid|required|returned|faellig)$/,
  ],
  [
    /^(?:created|opened|start|started|begin|requested|submitted|rental|hire|sell|hired|born|birth)$/,
    /^(?:closed|completed|finished|cancelled|canceled|end|ended|resolved|approved|rejected|deleted|return|returned|hired|hire|termination)$/,
  ],
]
const ORDERED = /^(?:int[248]|numeric|float[48]|money|date|timestamp|timestamptz)$/
const TIMES = /^(?:date|timestamp|timestamptz)$/
const CLOCK = /^(?:date|at|on|time|timestamp|datum|ts)$/
const BY_CHANCE = 10

/** Two columns of which one is not above, or not equal to, the other. */
export function proposePairs(table: Table, coded: CodedTable | null): readonly Proposition[] {
  const columns = table.columns.filter(
    ({ name, type, inherited, generated }) =>
      ORDERED.test(type.name) && !inherited && !generated && stripEnding(splitName(name)).ending === 'none',
  )
  const periods = periodsOf(table)
  return [
    ...pairsOf(columns, BOUNDS, false),
    ...(coded
      ? pairsOf(
          columns.filter(({ type }) => TIMES.test(type.name)),
          SEQUENCE,
          true,
        )
      : []),
  ]
    .filter(([first, second]) => !periods.some(({ start, end }) => start === first && end === second))
    .map(([first, second, loose]): Proposition => {
      const [low, high] = [quoteIdentifier(first.name), quoteIdentifier(second.name)]
      const expression = `${low} <= ${high}`
      return {
        id: `bounds ${table.address} ${expression}`,
        family: loose ? 'order' : 'bounds',
        table,
        columns: [first, second],
        expression,
        contradiction: `${second.name} is below ${first.name}`,
        group: `bounds ${first.address} ${second.name}`,
        rank: 1,
        byName: loose ? 0 : 0.85,
      }
    })
    .concat(coded ? proposeDifferent(table, coded) : [])
}

function pairsOf(
  columns: readonly Column[],
  words: typeof BOUNDS,
  loose: boolean,
): readonly (readonly [Column, Column, boolean])[] {
  return words.flatMap(([low, high]) =>
    columns.flatMap((first) => {
      const rest = restOf(first, low, loose)
      if (rest === null) return []
      const [second, ...more] = columns.filter(
        (other) => other !== first && other.type.name === first.type.name && restOf(other, high, loose) === rest,
      )
      return second && (loose || more.length === 0)
        ? [second, ...(loose ? more : [])].map((one) => [first, one, loose] as const)
        : []
    }),
  )
}

/** A name without the word that makes it one side; null without such a word. */
function restOf({ name }: Column, side: RegExp, loose: boolean): string | null {
  const words = wordsOf(name)
  if (!words.some((word) => side.test(word))) return null
  return words.filter((word) => !side.test(word) && !(loose && CLOCK.test(word))).join(' ')
}

/** Two references to one table that are never the same row, though chance would have made them so. */
function proposeDifferent(table: Table, coded: CodedTable): readonly Proposition[] {
  const keys = table.foreignKeys.filter(({ columns }) => columns.length === 1)
  return keys.flatMap((first, at) =>
    keys.slice(at + 1).flatMap((second): readonly Proposition[] => {
      const [a, b] = [first.columns[0]!, second.columns[0]!]
      if (first.referencedTable !== second.referencedTable || a === b) return []
      const most = Math.max(
        coded.columns.get(a.name)?.distinct ?? Infinity,
        coded.columns.get(b.name)?.distinct ?? Infinity,
      )
      // Units and currencies are looked up twice without meaning two sides.
      if (coded.rows / most < BY_CHANCE || /unit|currency|measure|status|type|lookup/i.test(first.referencedTable.name))
        return []
      const expression = `${quoteIdentifier(a.name)} <> ${quoteIdentifier(b.name)}`
      return [
        {
          id: `different ${table.address} ${expression}`,
          family: 'different',
          table,
          columns: [a, b],
          expression,
          contradiction: `${a.name} and ${b.name} are the same ${first.referencedTable.name}`,
          group: `different ${a.address} ${b.name}`,
          rank: 1,
          byName: 0,
        },
      ]
    }),
  )
}
