import type { Column } from '../evidence/catalog/model.js'
import { checksOf, domainChecksOf, literalsComparedWith } from './conditions.js'

/** Currencies of which a dollar is more than a hundred, and more than a thousand. */
const HUNDREDS = new Set('AMD CRC DJF HUF ISK JMD JPY KZT LKR NGN PKR RSD XAF XOF XPF YER CLP'.split(' '))
const THOUSANDS = new Set(
  'BIF COP GNF IDR IQD IRR KHR KRW LAK LBP MGA MMK MNT MWK PYG RWF SLL SYP TZS UGX UZS VND'.split(' '),
)

/** The codes that a currency column is confined to by its CHECK, domain or enum; empty where any is taken. */
export function currenciesOf(column: Column): readonly string[] {
  const labels = column.type.category === 'enum' ? (column.type.definition?.labels ?? []) : []
  const literals = [...checksOf(column.table), ...domainChecksOf(column)].flatMap((check) =>
    literalsComparedWith(check, column),
  )
  return [...new Set([...labels, ...literals].map((code) => code.trim().toUpperCase()))].filter((code) =>
    /^[A-Z]{3}$/.test(code),
  )
}

/** How many digits more than in dollars an amount has in one of these currencies; with that currency. */
export function extraDigitsOf(codes: readonly string[]): { readonly digits: number; readonly code: string } | null {
  const found = (known: ReadonlySet<string>, digits: number) => {
    const code = codes.find((each) => known.has(each))
    return code ? { digits, code } : null
  }
  return found(THOUSANDS, 4) ?? found(HUNDREDS, 2)
}
