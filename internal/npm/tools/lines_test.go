package tools_test

import (
	"strings"
	"testing"

	"npmotp/internal/npm/tools"
)

// TestLines has one command line per row; » marks where the code goes, and a
// line without one runs as it is. The tools' own rules are cited in npm.go and
// peers.go.
func TestLines(t *testing.T) {
	for line := range strings.Lines(commandLines) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" {
			continue
		}
		want := strings.Replace(line, "»", " --otp=123456", 1)
		got, _, p := run(t, strings.Replace(line, "»", "", 1), tools.Options{})
		if got != want {
			t.Errorf("%s\n got %s\nwhy: %s", line, got, p.Why)
		}
		if p.NeedsCode != strings.Contains(line, "»") || p.Why == "" {
			t.Errorf("%s: NeedsCode is %t, Why %q", line, p.NeedsCode, p.Why)
		}
	}
}

func TestReleaseIt(t *testing.T) {
	for _, test := range []struct{ line, want string }{
		{"release-it", "release-it --npm.otp=123456"},
		{"release-it minor --ci", "release-it minor --ci --npm.otp=123456"},
		{"npx release-it -i minor", "npx release-it -i minor --npm.otp=123456"},
		{"release-it --npm.tag x", "release-it --npm.tag x --npm.otp=123456"},
		{"release-it --no-npm", "release-it --no-npm"},
		{"release-it --npm=false", "release-it --npm=false"},
		{"release-it --no-npm.publish", "release-it --no-npm.publish"},
		{"release-it -d", "release-it -d"},
		{"release-it --dry-run", "release-it --dry-run"},
		{"release-it --release-version", "release-it --release-version"},
		{"release-it --version", "release-it --version"},
	} {
		if got, _, p := run(t, test.line, tools.Options{}); got != test.want {
			t.Errorf("%q became %q (%s), want %q", test.line, got, p.Why, test.want)
		}
	}
}

func TestPlanNamesTheTool(t *testing.T) {
	for _, test := range []struct{ line, tool, subcommand string }{
		{"npm pub", "npm", "publish"},
		{"npm author ls", "npm", "owner"},
		{"npm frobnicate", "npm", "frobnicate"},
		{"npm", "npm", ""},
		{"npx -y lerna@8 publish", "lerna", "publish"},
		{"yarn workspaces foreach -A npm publish", "yarn npm", "publish"},
		{"pnpm -r publish", "pnpm", "publish"},
		{"C:\\x\\npm.cmd it", "npm", "install-test"},
	} {
		_, _, p := run(t, test.line, tools.Options{})
		if p.Tool != test.tool || p.Subcommand != test.subcommand {
			t.Errorf("%q is %q %q, want %q %q", test.line, p.Tool, p.Subcommand, test.tool, test.subcommand)
		}
	}
}

// commandLines are those of TestLines.
const commandLines = `
npm publish»
npm pub»
npm publish --tag next»
npm publish» -- x
npm publish» --- x
npm publish» -- --otp=1
npm --registry https://r.example publish»
npm --registry=https://r.example/ publish . --access public»
npm -w ws publish»
npm -w=ws -w other publish»
npm -C dir publish»
npm -reg https://r.example publish»
npm --reg https://r.example publish»
npm -s publish»
npm -ddd publish»
npm -gf publish»
npm --no-workspaces publish»
npm --unknown publish»
npm --unknown=x publish»
npm --json=publish install»
npm --json true publish»
npm --tag publish install
npm --tag --json publish»
npm --registry install publish»
npm --loglevel publish
npm publish --tag»
npm publish» --registry
npm login» --browser
npm publish» --registry -- x
npm unpublish p»
npm unp p»
npm unpub p@1»
npm un p
npm deprecate p@1 why»
npm dep p@1 why»
npm undeprecate p»
npm owner add u p»
npm owner rm u p»
npm author add u p»
npm own add u p»
npm owner ls p
npm owner list p
npm owner
npm dist-tag add p@1 next»
npm dist-tags rm p next»
npm distTag add p@1 next»
npm distTag ls p
npm installTest
npm dist-tag ls p
npm dist-tag p
npm dist-tag
npm access public p»
npm access 2fa-required p»
npm access set status=private p»
npm access set mfa=publish p»
npm access grant read-only o:t p»
npm access revoke o:t p»
npm access ls-packages
npm access ls-collaborators p
npm access list packages
npm access get status p
npm team create o:t»
npm team ls o
npm org set o u admin»
npm ogr rm o u»
npm org ls o
npm star p»
npm unstar p»
npm stars
npm hook add p u s»
npm hook ls
npm token create»
npm token revoke x»
npm token list
npm token ls
npm profile set fullname x»
npm profile enable-2fa auth-only»
npm profile disable-2fa»
npm profile get
npm profile
npm login»
npm adduser»
npm add-user»
npm logout
npm stage approve x»
npm stage reject x»
npm stage publish
npm stage list
npm trust github p --file x.yml --repo o/p»
npm trust list p»
npm trust revoke p --id x»
npm frobnicate»
npm frobnicate x» -- y
npm
npm --
npm -v
npm --version
npm --versions
npm -h
npm --help
npm -?
npm publish -h
npm publish --help
npm --usage publish
npm publish --no-help»
npm help publish
npm publish --dry-run
npm publish --dry-run=false»
npm publish --dry-run false»
npm publish --no-dry-run»
npm --dry-run publish x
npm unpublish p --dry-run
npm trust github p --dry-run
npm owner add u p --dry-run»
npm publish -n»
npm install
npm i
npm isntall
npm in
npm ci
npm ic
npm r p
npm rb
npm c set otp 1
npm run release
npm run publish
npm run-script publish
npm rum publish
npm test
npm t
npm start
npm version patch
npm view p
npm v p
npm info publish
npm pack
npm create vite
npm whoami
npm x
/usr/bin/npm publish»
./npm publish»
npm.cmd publish»
.\npm.cmd publish»
C:\nodejs\NPM.CMD publish»
npm.exe publish»
npm@10 publish»

npx lerna publish»
npx --yes lerna publish from-git --no-private»
npx -y lerna@8.1.2 publish»
npx --package lerna lerna publish»
npx -p lerna -- lerna publish»
npx -p=lerna lerna publish»
npx --no lerna publish»
npx --quiet lerna publish»
npx lerna version
npx lerna publish» -- x
npx npm@10 publish»
npx npm@10 install
npx @changesets/cli publish»
npx @changesets/cli@2 publish --tag next»
npx changeset version
npx
npx --version
npm exec lerna publish»
npm exec lerna -- publish»
npm exec -- lerna publish»
npm exec --package=lerna -- lerna publish --yes»
npm exec -- lerna publish» -- x
npm exec -- lerna version
npm x -- lerna publish»
npm exec npm publish»
npm exec -- yarn publish»
npm exec -- npx lerna publish»
corepack npm publish»
corepack pnpm@10.1.0 publish»
corepack yarn npm publish»

pnpm publish»
pnpm publish --no-git-checks»
pnpm -r publish»
pnpm --filter x publish»
pnpm -F x publish --access public»
pnpm -C dir publish»
pnpm recursive publish»
pnpm m publish --tag x»
pnpm publish --dry-run
pnpm owner add u p»
pnpm owner ls p
pnpm dist-tag add p@1 x»
pnpm dist-tag ls p
pnpm deprecate p why»
pnpm stage approve x»
pnpm stage publish
pnpm install
pnpm login
pnpm star p
pnpm
pnpm --help
pnpm publish --help
pnpm release
pnpm run publish
pnpm changeset publish»
pnpm exec changeset publish»
pnpm exec lerna publish»
pnpm dlx lerna@8 publish»
pnpm --silent dlx lerna publish»
pnpx lerna publish»
pnpx --package lerna lerna publish»
pnpm lerna publish»
pnpm run lerna publish»
pn publish»

yarn publish»
yarn publish --new-version 1.0.0»
yarn --cwd dir publish»
yarn tag add p@1 x»
yarn tag list
yarn owner add u p»
yarn owner list
yarn npm publish»
yarn npm publish --tag x --access public»
yarn npm stage approve x»
yarn npm stage list
yarn npm tag list
yarn npm whoami
yarn npm publish --dry-run
yarn npm publish --help
yarn workspace foo npm publish»
yarn workspace foo build
yarn workspaces foreach -A npm publish»
yarn workspaces foreach -Apt --include x npm publish --tag y»
yarn workspaces foreach -j 2 run build
yarn workspaces list
yarn
yarn install
yarn build
yarn run publish
yarn lerna publish»
yarn run changeset publish»
yarn changeset publish»
yarn changeset version
yarn dlx lerna publish»
yarn dlx -p lerna lerna publish»
yarn exec lerna publish»
yarn --version

bun publish»
bun publish --access public»
bun --cwd dir publish»
bun publish --dry-run
bun install
bun run build
bun run lerna publish»
bun x lerna publish»
bunx lerna publish»
bunx --bun lerna publish»
bunx -p lerna lerna publish»
bunx @changesets/cli publish»

lerna publish»
lerna publish --yes --dist-tag next»
lerna --loglevel silly publish»
lerna version
lerna run build
lerna exec -- npm publish»
lerna
changeset publish»
changeset publish --tag x»
changeset publish -v»
changeset
changeset version
np --no-publish
np --preview
np --version
vlt publish»
vlt publish --tag x --access public»
vlt publish --dry-run
vlt install
vlt run release
clean-publish --dry-run
nx build
nx release version
gem push x.gem»
gem yank x -v 1.2.3»
gem yank x --version 1.2.3 --host h»
gem owner x -a u»
gem signin»
gem build x.gemspec
gem install x
gem push -h
`
