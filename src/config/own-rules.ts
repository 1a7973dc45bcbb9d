import { existsSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { loadRules } from '../engine/load-rules.js'
import type { Rule } from '../engine/rule.js'
import { ConfigError } from '../errors.js'
import { importModule, type Kit } from './import-code.js'

/** The rules in a folder of the user: `category/defect.ts`, as in this program. Throws ConfigError for what is no rule or has the id of a built-in one. */
export async function loadOwnRules(folder: string, builtIn: readonly string[], kit: Kit): Promise<readonly Rule[]> {
  if (!existsSync(folder))
    throw new ConfigError(`${folder}: no such folder.`, {
      hint: '`ownRules` names a folder with `category/defect.ts`.',
    })
  const rules = await loadRules(new URL(`${pathToFileURL(folder).href}/`), (href) =>
    importModule(fileURLToPath(href), kit),
  )
  for (const rule of rules) {
    if (typeof rule.detect !== 'function' || typeof rule.message !== 'function' || !Array.isArray(rule.needs))
      throw new ConfigError(`${folder}/${rule.id} is no rule.`, { hint: 'Write `export default rule({ … })`.' })
    if (builtIn.includes(rule.id))
      throw new ConfigError(`${folder}/${rule.id} has the id of a built-in rule.`, {
        hint: 'Give its file another name.',
      })
  }
  return rules
}
