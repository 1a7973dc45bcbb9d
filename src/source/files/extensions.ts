/** Extensions that PGlite brings, by PostgreSQL name. */
export const CONTRIB: readonly string[] = [
  'amcheck',
  'auto_explain',
  'bloom',
  'btree_gin',
  'btree_gist',
  'citext',
  'cube',
  'dict_int',
  'dict_xsyn',
  'earthdistance',
  'file_fdw',
  'fuzzystrmatch',
  'hstore',
  'intarray',
  'isn',
  'lo',
  'ltree',
  'moddatetime',
  'pageinspect',
  'pg_buffercache',
  'pg_freespacemap',
  'pg_stat_statements',
  'pg_surgery',
  'pg_trgm',
  'pg_visibility',
  'pg_walinspect',
  'pgcrypto',
  'seg',
  'tablefunc',
  'tcn',
  'tsm_system_rows',
  'tsm_system_time',
  'unaccent',
  'uuid-ossp',
]

/** Names that exist once an extension does, to tell that a text needs it. */
const TELLING: Readonly<Record<string, RegExp>> = {
  pg_trgm: /\b(?:gin|gist)_trgm_ops\b|\bword_similarity\b|\bsimilarity\s*\(/i,
  pgcrypto: /\b(?:gen_salt|crypt|digest|hmac|pgp_sym_\w+|gen_random_bytes)\s*\(/i,
  citext: /\bcitext\b/i,
  hstore: /\bhstore\b/i,
  ltree: /\b(?:ltree|lquery)\b/i,
  'uuid-ossp': /\buuid_(?:generate_v\w+|nil|ns_\w+)\s*\(/i,
  unaccent: /\bunaccent\b/i,
  intarray: /\bgin?s?t?__int_(?:big)?ops\b|\bquery_int\b/i,
  tablefunc: /\b(?:crosstab\w*|connectby)\s*\(/i,
  cube: /\bcube\b/i,
  earthdistance: /\b(?:ll_to_earth|earth_distance|earth_box|earthdistance)\b/i,
  fuzzystrmatch: /\b(?:levenshtein|soundex|metaphone|dmetaphone)\w*\s*\(/i,
  btree_gin: /\bbtree_gin\b/i,
}

/** The extension that brings a type, function, operator class or access method of this name, if it is a known one. */
export function extensionOf(object: string): string | undefined {
  const name = object.replaceAll('"', '')
  return Object.keys(TELLING).find((extension) => TELLING[extension]!.test(`${name}(`))
}

/** The extensions to make available for these texts; btree_gist always, because fixes need it. */
export function neededExtensions(texts: readonly string[]): readonly string[] {
  const named = new Set(
    texts.flatMap((text) =>
      [...text.matchAll(/\bcreate\s+extension\s+(?:if\s+not\s+exists\s+)?["']?([\w-]+)/gi)].map(([, name]) =>
        name!.toLowerCase(),
      ),
    ),
  )
  const needed = CONTRIB.filter((name) => named.has(name) || texts.some((text) => TELLING[name]?.test(text)))
  const dependencies = needed.includes('earthdistance') ? ['cube'] : []
  return [...new Set(['btree_gist', ...needed, ...dependencies])]
}
