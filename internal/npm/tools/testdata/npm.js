// Answers with the code of the npm in the folder that is its argument: how npm
// reads each command line of the JSON array on standard input, what it makes
// of every name of a command and of every beginning of one, and which commands
// ask for a one-time password.
const path = require('path')
const fs = require('fs')
const npm = process.argv[2]
const from = (...p) => require(path.join(npm, ...p))
const has = (...p) => fs.existsSync(path.join(npm, ...p))

const types = {}
let shorthands
let deref
let names
if (has('lib/config/defaults.js')) { // npm 6
  const defaults = from('lib/config/defaults.js')
  Object.assign(types, defaults.types)
  shorthands = defaults.shorthands
  deref = from('lib/npm.js').deref
  const list = from('lib/config/cmd-list.js')
  names = [...list.cmdList, ...list.plumbing, ...Object.keys(list.aliases)]
} else {
  const config = has('lib/utils/config/index.js')
    ? from('lib/utils/config/index.js')
    : from('node_modules/@npmcli/config/lib/definitions')
  for (const [name, d] of Object.entries(config.definitions)) {
    types[name] = d.type
  }
  shorthands = config.shorthands
  const list = from('lib/utils/cmd-list.js')
  deref = list.deref || from('lib/npm.js').prototype.deref
  names = [...list.commands, ...(list.plumbing || []), ...Object.keys(list.aliases)]
}

const nopt = from('node_modules/nopt')
const read = argv => {
  const conf = nopt(types, shorthands, ['node', 'npm', ...argv.slice(1)], 2)
  const { remain } = conf.argv
  return {
    command: deref(remain[0]) || '',
    remain,
    hasOtp: 'otp' in conf,
    otp: conf.otp === undefined ? '' : String(conf.otp),
    prints: !!(conf.usage || conf.version || conf.versions),
  }
}

// The source of a command, with that of its sub-commands.
const source = command => {
  let text = ''
  for (const base of ['lib/commands', 'lib']) {
    const dir = path.join(npm, base, command)
    if (command && fs.existsSync(dir + '.js')) {
      text += fs.readFileSync(dir + '.js', 'utf8')
    }
    if (base === 'lib/commands' && fs.existsSync(dir)) {
      for (const file of fs.readdirSync(dir).filter(f => f.endsWith('.js'))) {
        text += fs.readFileSync(path.join(dir, file), 'utf8')
      }
    }
  }
  return text
}

const words = new Set(names)
for (const name of names) {
  for (let n = 1; n < name.length; n++) {
    words.add(name.slice(0, n))
  }
}
const commands = {}
for (const word of words) {
  commands[word] = deref(word) || ''
}
const asks = {}
for (const command of new Set(Object.values(commands).filter(Boolean))) {
  asks[command] = /otplease/.test(source(command))
}
const lines = JSON.parse(fs.readFileSync(0, 'utf8'))
process.stdout.write(JSON.stringify({ commands, asks, lines: lines.map(read) }))
