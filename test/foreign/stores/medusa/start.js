'use strict'
// Serves Medusa on 127.0.0.1:PORT from DATABASE_URL. With the argument "create" it first makes the tables in an empty
// database and one administrator, ADMIN_MAIL with ADMIN_PASSWORD.
const { ready } = require('./loopback.js')

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const directory = __dirname

// The variable alone keeps Medusa from collecting; only its own setting keeps it from starting a sender at exit, which
// would outlive this process.
process.env.MEDUSA_DISABLE_TELEMETRY = 'true'
const settings = path.join(process.env.HOME, '.config', 'medusa')
fs.mkdirSync(settings, { recursive: true })
fs.writeFileSync(path.join(settings, 'config.json'), JSON.stringify({ telemetry: { enabled: false } }))

// Creating tables and serving need differently loaded modules, hence two processes.
async function migrate() {
  const { initializeContainer } = require('@medusajs/medusa/loaders/index')
  const { migrate } = require('@medusajs/medusa/commands/db/migrate')
  const container = await initializeContainer(directory)
  const logger = container.resolve('logger')
  const ok = await migrate({ directory, container, logger, executeAllLinks: true, skipScripts: true, skipSearch: true })
  process.exit(ok ? 0 : 1)
}

async function createAdministrator(email, password) {
  const { container } = require('@medusajs/framework')
  const { createUsersWorkflow } = require('@medusajs/medusa/core-flows')
  const { result: [user] } = await createUsersWorkflow(container).run({ input: { users: [{ email }] } })
  const auth = container.resolve('auth')
  const { authIdentity, error } = await auth.register('emailpass', { body: { email, password } })
  if (error) throw new Error(error)
  await auth.updateAuthIdentities({ id: authIdentity.id, app_metadata: { user_id: user.id } })
}

async function main(mode) {
  if (mode === 'migrate') return migrate()
  if (mode === 'create') execFileSync(process.execPath, [__filename, 'migrate'], { stdio: 'inherit' })
  await require('@medusajs/medusa/commands/start').default({ directory, host: '127.0.0.1', port: Number(process.env.PORT) })
  if (mode === 'create') await createAdministrator(process.env.ADMIN_MAIL, process.env.ADMIN_PASSWORD)
  ready()
}

main(process.argv[2]).catch(err => {
  console.error(err)
  process.exit(1)
})
