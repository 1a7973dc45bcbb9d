/** Lets a part of the model be built in more than one step; it is read-only for everybody else. */
export type Draft<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] }

const printsItsAddress = {
  toString(this: { readonly address: string }) {
    return this.address
  },
}

/** Gives an object its address as `toString()`. */
export function addressed<T extends object>(fields: T): T & { toString(): string } {
  return Object.assign(Object.create(printsItsAddress) as object, fields) as T
}

/** When triggers and rewrite rules fire, by `pg_trigger.tgenabled` and `pg_rewrite.ev_enabled`. */
export const FIRING_STATES = { O: 'origin', A: 'always', R: 'replica', D: 'disabled' } as const

/** `['a=1', 'b=x=y']` → `{ a: '1', b: 'x=y' }`. */
export function parseOptions(options: readonly string[] | null): Record<string, string> {
  return Object.fromEntries(
    (options ?? []).map((option) => {
      const at = option.indexOf('=')
      return at < 0 ? [option, ''] : [option.slice(0, at), option.slice(at + 1)]
    }),
  )
}
