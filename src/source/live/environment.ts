import { homedir, userInfo } from 'node:os'

/** What a connection is resolved against besides its own text. */
export interface Environment {
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly homeDirectory: string
  /** The operating system's user, libpq's default for the role. */
  readonly userName: string | undefined
  /** Where a server's Unix socket is looked for when no host was given. */
  readonly socketDirectories: readonly string[]
}

/** The environment of this process. */
export function readEnvironment(variables: Environment['variables'] = process.env): Environment {
  return {
    variables,
    homeDirectory: variables['HOME'] ?? homedir(),
    userName: readUserName() ?? variables['USER'] ?? variables['USERNAME'],
    socketDirectories: process.platform === 'win32' ? [] : ['/var/run/postgresql', '/run/postgresql', '/tmp'],
  }
}

/** Containers run as user ids that have no name. */
function readUserName(): string | undefined {
  try {
    return userInfo().username
  } catch {
    return undefined
  }
}
