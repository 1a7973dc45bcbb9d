/**
 * A pure function that remembers its last results by key, at most `limit` of them: catalogs repeat names and expressions
 * thousands of times. The results must not be changed by anybody.
 */
export function remember<T>(limit: number, compute: (key: string) => T): (key: string) => T {
  const results = new Map<string, T>()
  return (key) => {
    const known = results.get(key)
    if (known !== undefined || results.has(key)) return known as T
    const result = compute(key)
    if (results.size >= limit) results.delete(results.keys().next().value as string)
    results.set(key, result)
    return result
  }
}

/** A pure function of a catalog object that remembers its result for as long as the object lives. */
export function rememberFor<K extends object, T>(compute: (object: K) => T): (object: K) => T {
  const results = new WeakMap<K, { readonly result: T }>()
  return (object) => {
    const known = results.get(object)
    if (known) return known.result
    const result = compute(object)
    results.set(object, { result })
    return result
  }
}
