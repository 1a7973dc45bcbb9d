/**
 * Words of billing schemas in Dutch, Italian, Polish and Czech, without accents, by what they are in English. None of them is an English
 * word, and none means something else in another language that names here are read in.
 */
const WORDS = {
  account: 'rekening rekeningen conto conti konta ucet ucty uctu',
  action: 'actie handeling azione azioni akcja akce',
  active: 'actief actieve attivo attiva aktywny aktywna aktywne aktivni',
  address: 'adres adressen indirizzo indirizzi adresy adresa',
  amount: 'bedrag bedragen importo importi kwota kwoty castka castky',
  balance: 'bilancio',
  bank: 'banca',
  business: 'bedrijf bedrijven azienda aziende',
  cancelled:
    'opgezegd opzegging geannuleerd annullato annullata annullamento disdetta anulowano anulowana anulowany wypowiedziana zruseno zrusena zruseni',
  card: 'kaart kaarten karta karty',
  change: 'wijziging wijzigingen modifica modifiche zmiana zmiany zmian zmeny zmen',
  city: 'woonplaats citta miasto',
  code: 'kod',
  company: 'spolecnost spolecnosti',
  contract: 'contratto contratti umowa umowy overeenkomst overeenkomsten smlouva smlouvy smluv',
  counter: 'contatore contatori licznik liczniki',
  country: 'paese nazione kraj zeme',
  coupon: 'kupon kupony buono buoni kortingscode kortingscodes',
  created: 'aangemaakt creato creata utworzono utworzona utworzony vytvoreno',
  'credit note': 'creditnota creditnotas creditfactuur creditfacturen korekta korekty korygujaca dobropis dobropisy',
  currency: 'mena meny',
  customer:
    'klant klanten clienti klient klienci klienta klientow kontrahent kontrahenci kontrahenta zakaznik zakaznici zakaznika odberatel',
  debit: 'debet',
  default: 'standaard predefinito predefinita domyslny domyslna domyslne vychozi',
  description: 'omschrijving descrizione opis popis',
  discount: 'korting kortingen sconto sconti rabaty znizka sleva slevy',
  due: 'verval vervalt scadenza termin splatnost splatnosti uhrade',
  end: 'einde koniec zakonczenie zakonczenia konec konci',
  entry: 'boeking boekingen scrittura scritture registrazione registrazioni movimenti zapis zapisy',
  event: 'gebeurtenis gebeurtenissen eventi zdarzenie zdarzenia zdarzen udalost udalosti',
  gross: 'lordo',
  interval: 'intervallo interwal frequenza',
  invoice: 'factuur facturen fattura fatture faktura faktury faktur fakture',
  issued: 'uitgegeven emissione emessa emesso wystawienia wystawienie wystawiono wystawiona vystaveni vystaveno',
  key: 'klic klice',
  ledger: 'grootboek mastro ksiega',
  limit: 'limiet limieten limiti limity',
  line: 'regel regels riga righe voce voci pozycja pozycje pozycji polozka polozky polozek',
  log: 'logboek dziennik registro denik',
  message: 'bericht berichten messaggio messaggi wiadomosc zprava zpravy',
  meter: 'meterstand meterstanden misurazione pomiar pomiary',
  method: 'methode methoden middel wijze metodo metodi metoda metody sposob',
  metric: 'metrika',
  month: 'maand maanden mese mesi miesiac',
  monthly: 'maandelijks mensile mensili miesieczna miesieczny mesicni',
  name: 'naam nazwa nazev jmeno',
  new: 'nieuw nieuwe nuovo nuovi nuova nowy nowe nowa novy',
  number: 'numer numery cislo',
  old: 'oud oude vecchio vecchi vecchia precedente stary stare stara puvodni',
  organization: 'organisatie organisaties organizzazione organizzazioni organizacja organizacje',
  paid: 'betaald betaalde voldaan pagato pagata pagati zaplacono zaplacona oplacono oplacona zaplaceno zaplacena',
  payment: 'betaling betalingen betaal pagamenti platnosc platnosci wplata wplaty platba platby platebni',
  percent: 'procent',
  period: 'tijdvak periodo okres okresu obdobi',
  phone: 'telefoon telefon',
  plan: 'piano piani pakket pakketten pacchetto pacchetti pakiet pakiety tarify tarifu',
  price: 'prijs prijzen prezzo prezzi cena ceny',
  quantity: 'aantal hoeveelheid quantita ilosc mnozstvi',
  quarter: 'kwartaal',
  quarterly: 'trimestrale kwartalna ctvrtletni',
  rate: 'tarief tarieven tasso stawka stawki sazba sazby',
  reading: 'lettura letture odczyt odczyty',
  reason: 'duvod',
  record: 'rekord wiersz zaznam',
  refund: 'terugbetaling terugbetalingen restitutie rimborso rimborsi zwrot zwroty vratka vratky',
  renewal: 'verlenging rinnovo odnowienie',
  start: 'aanvang ingang inizio poczatek rozpoczecie rozpoczecia',
  status: 'stato stati stav',
  subscription:
    'abonnementen abbonamento abbonamenti subskrypcja subskrypcje subskrypcji abonament abonamenty predplatne',
  subtotal: 'zaklad',
  table: 'tabel tabella tabulka',
  tax: 'belasting belastingen btw imposta imposte podatek podatki dan dane',
  tier: 'schijf schijven scaglione scaglioni fascia fasce prog progi stupne',
  total: 'totaal suma lacznie razem celkem',
  transaction: 'transactie transacties transazione transazioni transakcja transakcje',
  trial: 'proef prova probny probna proba zkusebni',
  unit: 'eenheid jednostkowa jednostka jednotkova',
  updated: 'gewijzigd bijgewerkt aggiornato modificato zaktualizowano zmieniono',
  usage: 'verbruik utilizzo zuzycie zuzycia spotreba spotreby',
  used: 'spotrebovano',
  user: 'gebruiker gebruikers utente utenti uzytkownik uzytkownicy uzivatel',
  valid: 'geldig geldigheid validita wazne waznosc waznosci platnost platnosti',
  year: 'jaar anno rok',
  yearly: 'jaarlijks annuale annuali roczna roczny rocni',
} as const

const ENGLISH: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(WORDS).flatMap(([english, words]) =>
    words.split(' ').map((word) => [word, english.split(' ')] as const),
  ),
)

/** Words that are English too, or too short: they are read so beside a word of the dictionary or of a date. */
const BESIDE: ReadonlyMap<string, string> = new Map([
  ['fine', 'end'],
  ['eind', 'end'],
  ['van', 'from'],
  ['tot', 'to'],
  ['od', 'from'],
  ['do', 'to'],
  ['dal', 'from'],
  ['op', 'at'],
  ['dne', 'at'],
])
const DATES = /^(?:data|datum)$/

/** What stands last in words written together. */
const ENDINGS: ReadonlyMap<string, string> = new Map([
  ['nummer', 'number'],
  ['datum', 'date'],
  ['periode', 'period'],
  ['percentage', 'percentage'],
  ['status', 'status'],
  ['code', 'code'],
  ['limiet', 'limit'],
])

/** Shorter words are rather part of another. */
const SHORTEST = 4

/** The parts of a name, with those that only stand in the dictionary put into English. */
export function translate(parts: readonly string[]): readonly (string | readonly string[])[] {
  const found = parts.map((part) => ENGLISH.get(part) ?? splitWord(part))
  const isForeign = found.some((words) => words !== null) || parts.some((part) => DATES.test(part))
  return parts.map((part, at) => {
    const beside = isForeign && parts.length > 1 ? BESIDE.get(part) : undefined
    return found[at] ?? (beside ? [beside] : part)
  })
}

/** `factuurregel` is a line of an invoice, `abonnementsperiode` a period of a subscription. */
function splitWord(part: string): readonly string[] | null {
  for (let at = part.length - 3; at >= SHORTEST; at--) {
    const tail = part.slice(at)
    const second = ENGLISH.get(tail) ?? (ENDINGS.has(tail) ? [ENDINGS.get(tail)!] : undefined)
    const first = second && firstWord(part.slice(0, at))
    if (first) return [...first, ...second]
  }
  return null
}

function firstWord(head: string): readonly string[] | undefined {
  const stems = [head, head.replace(/(?:s|en|e)$/, '')]
  return stems
    .filter((stem) => stem.length >= 3)
    .flatMap((stem) => [KNOWN.get(stem) ?? ENGLISH.get(stem) ?? []])
    .find((words) => words.length > 0)
}

/** Words that other places know as they are, at the beginning of a word written together. */
const KNOWN: ReadonlyMap<string, readonly string[]> = new Map([
  ['abonnement', ['subscription']],
  ['begin', ['start']],
  ['eind', ['end']],
  ['credit', ['credit']],
  ['bank', ['bank']],
  ['dienst', ['service']],
  ['maand', ['monthly']],
  ['kwartaal', ['quarterly']],
  ['jaar', ['yearly']],
  ['product', ['product']],
])

const PLURALS = new Set(
  'regels righe voci pozycje schijven scaglioni fasce progi prijzen prezzi ceny betalingen pagamenti platnosci adressen indirizzi kortingen sconti rabaty polozky stupne platby slevy'.split(
    ' ',
  ),
)

/** Whether a word that is put into English stands in the plural. */
export function isForeignPlural(word: string): boolean {
  return PLURALS.has(word)
}

/** What rows of a status are called in these languages, without accents, by the English state. */
const STATES = {
  draft: 'koncept bozza robocza szkic',
  sent: 'verzonden verstuurd inviata inviato wyslana',
  issued: 'vystavena uitgegeven emessa emesso wystawiona',
  paid: 'zaplacena betaald voldaan pagata pagato oplacona zaplacona',
  overdue: 'achterstallig scaduta przeterminowana',
  trialing: 'zkusebni proef proefperiode in_prova prova okres_probny probny essai periode_essai',
  active: 'aktivni actief attivo attiva aktywny aktywna',
  paused: 'pozastavena gepauzeerd opgeschort sospeso sospesa wstrzymany wstrzymana suspendu',
  canceled: 'zrusena opgezegd geannuleerd annullato annullata disdetto disdetta anulowany anulowana',
  expired: 'verlopen vervallen scaduto wygasly wygasla expire',
  succeeded: 'geslaagd riuscito riuscita zrealizowana zakonczona',
  failed: 'selhala mislukt fallito fallita nieudana',
  refunded: 'vracena terugbetaald rimborsato rimborsata zwrocona',
} as const

const STATE_IN_ENGLISH: ReadonlyMap<string, string> = new Map(
  Object.entries(STATES).flatMap(([english, words]) => words.split(' ').map((word) => [word, english] as const)),
)

/** A value of a status in lower case, without accents and with `_` between words; in English, where the dictionary has it. */
export function plainState(value: string): string {
  const plain = value
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll('ł', 'l')
    .toLowerCase()
    .replaceAll(/[\s-]+/g, '_')
  return STATE_IN_ENGLISH.get(plain) ?? plain
}
