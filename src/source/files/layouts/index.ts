import { atlas } from './atlas.js'
import { dbMigrate, knex, kysely, mikroOrm, nodePgMigrateCode, sequelize, typeorm } from './code.js'
import { dbmate } from './dbmate.js'
import { diesel, folders, hasura } from './diesel.js'
import { drizzle } from './drizzle.js'
import { flyway } from './flyway.js'
import { goose } from './goose.js'
import { graphile } from './graphile.js'
import type { Layout } from './layout.js'
import { liquibase } from './liquibase.js'
import { mybatis } from './mybatis.js'
import { nodePgMigrate } from './node-pg-migrate.js'
import { plain } from './plain.js'
import { play } from './play.js'
import { prisma } from './prisma.js'
import { rails } from './rails.js'
import { sqitch } from './sqitch.js'
import { sqlMigrate } from './sql-migrate.js'
import { supabase } from './supabase.js'
import { tern } from './tern.js'
import { listed } from './listed.js'
import { golangMigrate, sqlx } from './up-down.js'

/** Layouts of tools whose migrations are code. */
export const CODE_LAYOUTS: readonly Layout[] = [
  typeorm,
  mikroOrm,
  sequelize,
  nodePgMigrateCode,
  kysely,
  dbMigrate,
  knex,
]

/** Every layout; the first that recognizes a folder has it, so the surest signs stand first and `plain` last. */
export const LAYOUTS: readonly Layout[] = [
  ...CODE_LAYOUTS,
  sqitch,
  listed,
  rails,
  drizzle,
  prisma,
  goose,
  sqlMigrate,
  dbmate,
  nodePgMigrate,
  liquibase,
  tern,
  mybatis,
  play,
  graphile,
  hasura,
  diesel,
  folders,
  supabase,
  flyway,
  sqlx,
  golangMigrate,
  atlas,
  plain,
]
