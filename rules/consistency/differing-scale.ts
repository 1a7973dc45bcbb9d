import { amountOf, type Column, type Role, ownRolesOf, rule, wordsOf } from '../../src/kit.js'

/** Amounts of the first are set against amounts of the second. */
const AGAINST: readonly (readonly [Role, Role])[] = [
  ['payment', 'invoice'],
  ['credit', 'invoice'],
  ['credit', 'payment'],
  ['payment allocation', 'invoice'],
  ['payment allocation', 'payment'],
]
const LINES: readonly (readonly [Role, Role])[] = [
  ['invoice line', 'invoice'],
  ['ledger entry', 'ledger account'],
]

export default rule({
  severity: 'warning',
  tier: 'inferred',
  confidence: 0.8,
  aboutMoney: true,
  complexity: 'medium',
  docs: {
    summary: 'Keep amounts that are set against each other in one unit and with one number of decimal places.',
    why: 'A payment with four decimal places never equals an invoice with two, so a third of a cent stays open for ever; and where one table counts cents and the other dollars, the one that forgets to convert charges a hundredfold.',
    bad: `create table invoice (id bigint primary key, number text not null unique, due_date date not null, currency char(3) not null, total numeric(12, 2) not null);
      create table payment (id bigint primary key, invoice_id bigint not null references invoice, currency char(3) not null, amount numeric(14, 4) not null, paid_at timestamptz, provider_reference text unique);`,
    good: `create table invoice (id bigint primary key, number text not null unique, due_date date not null, currency char(3) not null, total numeric(12, 2) not null);
      create table payment (id bigint primary key, invoice_id bigint not null references invoice, currency char(3) not null, amount numeric(14, 2) not null, paid_at timestamptz, provider_reference text unique);`,
    unless: 'One of them is an estimate that is never settled.',
    references: ['https://www.postgresql.org/docs/current/datatype-numeric.html#DATATYPE-NUMERIC-DECIMAL'],
  },
  needs: ['catalog'],

  *detect({ catalog }) {
    const roles = ownRolesOf(catalog)
    for (const { table, role } of roles.all) {
      if (table.partitionOf) continue
      for (const [from, to] of [...AGAINST, ...LINES]) {
        const target = role === from ? roles.linkTo(table, to)?.to : undefined
        const [own, other] = [target && amountOf(table), target && amountOf(target)]
        if (!own || !other) continue
        const difference = differenceOf(
          own,
          other,
          AGAINST.some(([one, two]) => one === from && two === to),
        )
        if (!difference || isDecided(own, other)) continue
        yield { on: own, related: [other], facts: { ...difference, other: other.address } }
        break
      }
    }
  },

  message: ({ on, facts: { own, theirs, other } }) =>
    `${on} is kept ${own}, and ${other}, against which it is set, ${theirs}.`,

  advice: ({ on, facts: { other } }) =>
    `Give ${on} and ${other} one type. Prices per unit may keep more places; what is invoiced, paid and booked is rounded once, where it arises.`,
})

function differenceOf(own: Column, other: Column, settles: boolean): { own: string; theirs: string } | null {
  const [mine, theirs] = [unitOf(own), unitOf(other)]
  if (!mine || !theirs || mine === theirs) return null
  const whole = (unit: string) => unit === 'in whole units'
  // Lines may be finer than what they add up to, in the same unit.
  if (!settles && !whole(mine) && !whole(theirs)) return null
  return { own: mine, theirs }
}

/** How an amount is counted; null where any number of places may stand. */
function unitOf({ type, name }: Column): string | null {
  const cents =
    /cent|pence|minor|micro|nano|mill/i.test(wordsOf(name).join(' ')) || /cents?|pence|minor|micros?|nanos?/i.test(name)
  if (/^int[248]$/.test(type.name)) return 'in whole units'
  if (type.name !== 'numeric' || cents) return null
  if (type.scale === null) return null
  return type.scale === 0 ? 'in whole units' : `with ${type.scale} decimal places`
}

/** A comment on either says why. */
function isDecided(own: Column, other: Column): boolean {
  return [own, other].some(({ comment }) => /scale|decimal|cent|minor|unit|nachkomma|precision/i.test(comment ?? ''))
}
