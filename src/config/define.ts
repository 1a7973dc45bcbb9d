import type { Config } from './schema.js'
export type { Config } from './schema.js'

/** Gives a configuration in TypeScript or JavaScript its types; a configuration file's default export. */
export function defineConfig(config: Config): Config {
  return config
}
