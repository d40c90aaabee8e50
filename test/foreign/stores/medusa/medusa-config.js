'use strict'
// Medusa reads this file from its folder. No Redis, no search index, no admin pages: what is left is the API.
const { defineConfig, Modules } = require('@medusajs/framework/utils')

module.exports = defineConfig({
  projectConfig: {
    databaseUrl: process.env.DATABASE_URL,
    databaseDriverOptions: { connection: { ssl: false } },
    http: { storeCors: '', adminCors: '', authCors: '', jwtSecret: 'test', cookieSecret: 'test' },
  },
  admin: { disable: true },
  modules: [{ key: Modules.SEARCH, disable: true }],
})
