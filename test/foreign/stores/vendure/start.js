'use strict'
// Serves Vendure on 127.0.0.1:PORT from DATABASE_URL, superadministrator ADMIN_MAIL with ADMIN_PASSWORD. With the
// argument "create" it first makes the tables in an empty database.
const { ready } = require('./loopback.js')
process.env.VENDURE_DISABLE_TELEMETRY = 'true'

const { bootstrap, dummyPaymentHandler, DefaultLogger, LogLevel } = require('@vendure/core')

bootstrap({
  apiOptions: { hostname: '127.0.0.1', port: Number(process.env.PORT) },
  authOptions: {
    tokenMethod: ['bearer', 'cookie'],
    requireVerification: false,
    superadminCredentials: { identifier: process.env.ADMIN_MAIL, password: process.env.ADMIN_PASSWORD },
  },
  dbConnectionOptions: { type: 'postgres', url: process.env.DATABASE_URL, synchronize: process.argv[2] === 'create' },
  // A buyer's words travel with the order and with each of its lines, as in shops that sell engraved goods.
  customFields: {
    Order: [{ name: 'giftNote', type: 'string', nullable: true }],
    OrderLine: [{ name: 'giftNote', type: 'string', nullable: true }],
  },
  paymentOptions: { paymentMethodHandlers: [dummyPaymentHandler] },
  logger: new DefaultLogger({ level: LogLevel.Info, timestamp: true }),
}).then(ready, err => {
  console.error(err)
  process.exit(1)
})
