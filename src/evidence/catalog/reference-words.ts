/** Words by which names of columns tell what they reference. */

export const SELF = new Set(
  'parent ancestor root previous prev next original source predecessor successor supersedes superseded replaces replaced duplicate merged reports manager'.split(
    ' ',
  ),
)
export const PREPOSITIONS = new Set(['by', 'to', 'of', 'into', 'from'])

const ACTORS = new Set(
  'owner author creator assignee reviewer approver editor updater deleter inviter uploader submitter reporter moderator granter revoker resolver admin mod rep representative clerk cashier supervisor salesperson salesman'.split(
    ' ',
  ),
)

/** `created_by`, `owner_id`. */
export function isActor(core: readonly string[], words: readonly string[]): boolean {
  const last = core.at(-1)!
  if (last === 'by') return core.length === 2 && core[0]!.endsWith('ed')
  return core.length <= 2 && ACTORS.has(last) && (words.length > core.length || core.length === 1)
}

/** Columns of a table of redirects, of old keys to new ones. */
export const REPLACED = /^(?:new|target|merged|merged_into|redirect|redirected_to|redirect_to)$/

/** Who does it: `ship_via`, `delivered_by` → shipper, deliverer. */
export function agentNouns(core: readonly string[]): readonly string[] {
  const [verb, preposition, ...more] = core
  if (!verb || verb.length < 3 || more.length > 0 || !/^(?:by|via|through)$/.test(preposition ?? '')) return []
  const stem = verb.replace(/(?<=..)(?:ied|ed)$/, '')
  return [verb, stem].flatMap((one) => [
    `${one}er`,
    `${one}or`,
    `${one}ier`,
    `${one.replace(/[ey]$/, '')}er`,
    `${one}${one.at(-1)}er`,
  ])
}

/** Systems that give identifiers of their own. */
export const OTHER_SYSTEMS = new Set(
  'stripe paypal braintree adyen gocardless cashfree chargebee recurly zuora paddle hubspot salesforce netsuite xero quickbooks pennylane avalara anrok taxjar twilio sendgrid mailgun slack github gitlab bitbucket google facebook twitter microsoft azure aws gcp firebase auth0 okta intercom zendesk shopify'.split(
    ' ',
  ),
)

/** First words of names that another system gave. */
export const EXTERNAL = new Set([
  ...OTHER_SYSTEMS,
  ...'external ext remote foreign provider gateway processor oauth saml oidc sso client legacy old upstream vendor partner psp segment apple'.split(
    ' ',
  ),
])

/** What stands behind these words, wherever in a name, is another system's. */
export const GIVERS = new Set('provider external remote foreign upstream'.split(' '))

/** Names of numbers that measure or order, though a table may be called the same. */
export const MEASURES = new Set(
  'rating score count total amount price quantity position version level rank size year month day week weight order sequence number priority age duration status type kind state'.split(
    ' ',
  ),
)

export function isGeneric(name: string): boolean {
  return /^(?:id|uuid|guid|key|code|name|number|no|nr|num|slug|type|value|version|position|line_no|seq|index|lang|language|locale)$/i.test(
    name,
  )
}
