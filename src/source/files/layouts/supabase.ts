import { basename } from 'node:path'
import { arrangeBy, type Folder, type Layout, versionOf } from './layout.js'

/** `supabase/migrations/<timestamp>_name.sql` on a platform with its own schemas and roles (https://supabase.com/docs/guides/local-development). */
export const supabase: Layout = {
  name: 'supabase',
  platform: 'supabase',
  recognize(folder) {
    if (isSupabaseConfig(folder.read('config.toml')) && folder.has('migrations'))
      return 'config.toml beside migrations/'
    const inside = basename(folder.path) === 'migrations' && isSupabaseConfig(folder.read('../config.toml'))
    return inside ? '../config.toml of Supabase' : null
  },
  arrange(folder) {
    const prefix = folder.has('migrations') ? 'migrations/' : ''
    return arrangeBy(folder.files, ({ below, name }) => {
      if (!below.startsWith(prefix)) return 'is no migration'
      return versionOf(name) < 0n ? 'has no timestamp' : { key: [versionOf(name)] }
    })
  },
}

function isSupabaseConfig(text: ReturnType<Folder['read']>): boolean {
  return text !== null && /^\s*project_id\s*=|^\s*\[(?:auth|api|db|studio)\]/m.test(text)
}
