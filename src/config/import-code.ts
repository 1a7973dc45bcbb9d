import { ConfigError } from '../errors.js'

/** Loads what configurations and own rules import as `pg-billing-audit/kit`: this program's own copy, wherever they are. */
export type Kit = () => Promise<Readonly<Record<string, unknown>>>

/** The default export of a TypeScript or JavaScript file. Throws ConfigError when it cannot be run. */
export async function importCode(path: string, kit: Kit): Promise<unknown> {
  const module = await importModule(path, kit)
  if (typeof module === 'object' && module !== null && 'default' in module && module.default !== undefined)
    return module.default
  throw new ConfigError(`${path} has no default export.`, { hint: 'Write `export default defineConfig({ … })`.' })
}

/** A module of TypeScript or JavaScript, compiled in memory. */
export async function importModule(path: string, kit: Kit): Promise<unknown> {
  const { createJiti } = await import('jiti')
  const jiti = createJiti(path, {
    fsCache: false,
    tryNative: false,
    virtualModules: { 'pg-billing-audit/kit': await kit() },
  })
  try {
    return await jiti.import(path)
  } catch (cause) {
    throw new ConfigError(`${path} cannot be run: ${(cause as Error).message.split('\n')[0] ?? ''}`, {
      hint: 'It is TypeScript or JavaScript that imports `pg-billing-audit/kit` and what your project has installed.',
      cause,
    })
  }
}
