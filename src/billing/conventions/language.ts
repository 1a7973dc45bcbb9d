import { splitName } from '../../evidence/catalog/naming.js'
import type { Catalog, Schema } from '../../evidence/catalog/model.js'
import { singularOf } from '../names.js'

/** Languages in which new tables and columns can be named. */
export type Language = 'en' | 'de' | 'es' | 'fr' | 'pt'

/** Words that only one language has, of those that names in billing are made of. */
const TELLING: Readonly<Record<Exclude<Language, 'en'>, string>> = {
  de: 'kunde tarif grundpreis intervall strasse nachname vertrag rechnung betrag menge preis zahlung vertrag waehrung wahrung nummer bezeichnung beschreibung gutschrift steuer rechnungsposition mandant zustand faellig bezahlt gueltig erstellt geaendert',
  es: 'factura pago cantidad moneda fecha importe suscripcion descripcion impuesto precio nombre creado empresa contrato vencimiento direccion actualizado',
  fr: 'facture paiement quantite devise montant abonnement prix nom client cree echeance libelle tva adresse contrat',
  pt: 'fatura pagamento quantidade moeda assinatura descricao imposto preco nome criado plano vencimento situacao endereco',
}

const ENGLISH =
  /^(?:created|updated|amount|invoice|payment|customer|name|quantity|price|currency|due|paid|issued|description|account|subscription|start|end)$/

/** Names need so many telling words of a language, and more than of any other. */
const FEWEST = 4

/** The language that names of tables and columns of a schema are in; English where nothing else is plain. */
export function languageOf({ tables }: Catalog, schema: Schema): Language {
  const words = tables
    .filter((table) => table.schema === schema)
    .flatMap(({ name, columns }) =>
      [name, ...columns.map((column) => column.name)].flatMap((each) => splitName(each).map(plain)),
    )
  const counts = Object.entries(TELLING).map(([language, telling]) => {
    const known = new Set(telling.split(' '))
    return { language: language as Language, count: words.filter((word) => known.has(word)).length }
  })
  const [first, second] = counts.toSorted((a, b) => b.count - a.count)
  const english = words.filter((word) => ENGLISH.test(word)).length
  if (!first || first.count < FEWEST || first.count <= (second?.count ?? 0)) return 'en'
  return first.count > english ? first.language : 'en'
}

function plain(word: string): string {
  return singularOf(word.normalize('NFD').replaceAll(/\p{M}/gu, ''))
}
