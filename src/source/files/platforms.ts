import type { EmbeddedServer } from '../embedded/server.js'
import type { Remarks } from './remarks.js'
import { standInExtension } from './stand-ins/index.js'

interface Platform {
  readonly roles: readonly string[]
  /** How its sessions begin. */
  readonly settings: readonly string[]
}

const PLATFORMS: Readonly<Record<string, Platform>> = {
  supabase: {
    roles: [
      'anon',
      'authenticated',
      'authenticator',
      'dashboard_user',
      'service_role',
      'supabase_admin',
      'supabase_auth_admin',
      'supabase_storage_admin',
    ],
    settings: ['set search_path = "$user", public, extensions'],
  },
}

/** Makes what a platform has before the first migration; gives the settings with which its sessions begin. */
export async function makePlatform(
  server: EmbeddedServer,
  name: string,
  file: string,
  remarks: Remarks,
): Promise<readonly string[]> {
  const platform = PLATFORMS[name]
  if (!platform) return []
  const extension = `pg_platform_${name}`
  const { files, note } = standInExtension(extension)
  const location = { file, line: 1, column: 1 }
  await server.addExtension(extension, files)
  for (const role of platform.roles) {
    await server.execute(`create role ${role} superuser`)
    remarks.standIn('role', role, 'belongs to the platform', location)
  }
  await server.execute(`create extension ${extension}`)
  remarks.standIn('other', `${name} platform`, note, location)
  return platform.settings
}
