'use strict'
// Keeps a store on this machine, and alive no longer than the process that started it.
//
// Every connection to another host is refused before a packet leaves: no telemetry, no update check, no licence call.
// Standard input is held open by the starter; when the starter ends in any way, input ends, and so does the store.

const dns = require('node:dns')
const fs = require('node:fs')
const net = require('node:net')

const local = host => host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/.test(host)

// hostOf reads the host from the arguments of connect: (options), (port, host), (path), or node's own [options, callback].
function hostOf(args) {
  const [first, second] = Array.isArray(args[0]) ? args[0] : args
  if (first !== null && typeof first === 'object') return first.path ? 'localhost' : first.host || 'localhost'
  if (typeof first === 'string' && Number.isNaN(Number(first))) return 'localhost' // the path of a socket file
  return typeof second === 'string' ? second : 'localhost'
}

const connect = net.Socket.prototype.connect
net.Socket.prototype.connect = function (...args) {
  const host = hostOf(args)
  if (!local(host)) throw new Error(`refused to connect to ${host}: this store stays on the loopback interface`)
  return connect.apply(this, args)
}

const lookup = dns.lookup
dns.lookup = function (host, ...rest) {
  if (!local(host)) throw new Error(`refused to look up ${host}: this store stays on the loopback interface`)
  return lookup.call(dns, host, ...rest)
}

process.stdin.on('end', () => process.exit(0)).resume()

// ready tells the starter, who reads our file descriptor 3, that the store is up.
exports.ready = () => fs.writeSync(3, 'ready\n')
