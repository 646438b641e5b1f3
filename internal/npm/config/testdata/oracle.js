// Answers with the code of the npm in the folder that is its first argument:
// for each text of the JSON array on standard input, what "ini" reads in it,
// what "expand" makes of it with the variables A=one and B_C=two, or which
// "workspaces" its patterns name in a folder. What throws is answered by null.
const path = require('path')
const fs = require('fs')
const [npm, what] = process.argv.slice(2)
const from = (...p) => require(path.join(npm, 'node_modules', ...p))
const input = JSON.parse(fs.readFileSync(0, 'utf8'))
const attempt = f => {
  try {
    return f()
  } catch {
    return null
  }
}
const plain = value => value === null || typeof value !== 'object' ? value
  : Array.isArray(value) ? value.map(plain) : {}

const ini = text => {
  const all = from('ini').parse(text)
  return Object.fromEntries(Object.keys(all).map(key => [key, plain(all[key])]))
}

const expand = text => {
  const file = path.join(npm, 'node_modules/@npmcli/config/lib/env-replace.js')
  return require(file)(text, { A: 'one', B_C: 'two' })
}

const workspaces = async ({ root, patterns }) => {
  const list = await from('@npmcli/map-workspaces')({ cwd: root, pkg: { workspaces: patterns } })
  return [...list.values()].map(p => path.relative(root, p))
}

const main = async () => {
  const answers = []
  for (const text of input) {
    answers.push(what === 'workspaces'
      ? await workspaces(text).catch(() => null)
      : attempt(() => what === 'ini' ? ini(text) : expand(text)))
  }
  process.stdout.write(JSON.stringify(answers))
}
main()
