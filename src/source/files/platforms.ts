import type { EmbeddedServer } from '../embedded/server.js'
import type { Remarks } from './remarks.js'
import { standInExtension } from './stand-in-extensions.js'

const ROLES = [
  'anon',
  'authenticated',
  'service_role',
  'supabase_admin',
  'supabase_auth_admin',
  'supabase_storage_admin',
  'authenticator',
  'dashboard_user',
]

/** Makes what a platform has before the first migration; gives the settings with which its sessions begin. */
export async function makePlatform(server: EmbeddedServer, name: string, remarks: Remarks): Promise<readonly string[]> {
  const extension = `pg_platform_${name}`
  const { files, note } = standInExtension(extension)
  await server.addExtension(extension, files)
  for (const role of ROLES) await server.execute(`create role ${role} superuser`)
  await server.execute(`create extension ${extension}`)
  const location = { file: 'config.toml', line: 1, column: 1 }
  remarks.standIn('other', `${name} platform`, note, location)
  for (const role of ROLES) remarks.standIn('role', role, 'belongs to the platform', location)
  return ['set search_path = "$user", public, extensions']
}
