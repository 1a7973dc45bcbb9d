import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['bench/*.bench.ts'],
    execArgv: ['--liftoff-only'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 600_000,
    disableConsoleIntercept: true,
  },
})
