import { drizzle } from './drizzle.js'
import { flyway } from './flyway.js'
import { knex } from './knex.js'
import { liquibase } from './liquibase.js'
import { dbmate, goose, sqlMigrate } from './marked.js'
import { nodePgMigrate } from './node-pg-migrate.js'
import { plain } from './plain.js'
import { prisma } from './prisma.js'
import { rails } from './rails.js'
import { sqitch } from './sqitch.js'
import { golangMigrate } from './up-down.js'
import type { Writer } from './writer.js'

/** Every migration tool that files can be written for. */
export const WRITERS: readonly Writer[] = [
  plain,
  dbmate,
  drizzle,
  flyway,
  golangMigrate,
  goose,
  knex,
  liquibase,
  nodePgMigrate,
  prisma,
  rails,
  sqitch,
  sqlMigrate,
]
