package config_test

// fileLayouts have an .npmrc that can be read in more than one way.
func fileLayouts() []layout {
	with := func(npmrc string) map[string]string {
		return map[string]string{"project/package.json": pkg("thing", ""), "project/.npmrc": npmrc, "home/.npmrc": "registry={B}"}
	}
	scoped := func(npmrc string) map[string]string {
		return map[string]string{"project/package.json": pkg("@acme/thing", ""), "project/.npmrc": npmrc, "home/.npmrc": "registry={B}"}
	}
	const other = "8 10 11 12"
	return []layout{
		{name: "comments", command: "publish", source: "{root}/project/.npmrc:4", files: with(";registry={C}\n # registry={C}\n\n registry = {A} ; registry\n")},
		{name: "quotes", command: "publish", files: with("\"registry\" = '{A}'\n")},
		{name: "the last line counts", command: "publish", files: with("registry={C}\nregistry={A}")},
		{name: "lines end in CR", command: "publish", source: "{root}/project/.npmrc:3", files: with("tag=next\rregistry={C}\rregistry={A}\r")},
		{name: "lines end in both", command: "publish", source: "{root}/project/.npmrc:3", files: with("tag=next\r\nregistry={C}\r\nregistry={A}\r\n")},
		{name: "byte order mark", command: "publish", files: with("\uFEFFregistry={A}\n")},
		{name: "in a section", command: "publish", files: with("registry={A}\n[more]\nregistry={C}\n")},
		{name: "section with white space", npms: "10 11 12", command: "publish", files: with("registry={A}\n[more] \nregistry={C}\n")},
		{name: "no section with white space", npms: "6 8", command: "publish", files: with("registry={C}\n[more] \nregistry={A}\n")},
		{name: "line separator", command: "publish", files: with("registry={A}\nregistry={C}/\u2028\n")},
		{name: "upper case", command: "publish", files: with("registry=HTTP://{a}\nREGISTRY={C}\n")},
		{name: "path", command: "publish --force", npms: other, files: with("registry={A}/?\n"), fails: true},
		{name: "variable", command: "publish", env: []string{"WHERE={a}"}, files: with("registry=http://${WHERE}/\n")},
		{name: "variable in the key", command: "publish", env: []string{"SCOPE=acme"}, files: scoped("@${SCOPE}:registry={A}\n")},
		{name: "variable twice", command: "publish", env: []string{"X=127.0", "Y=.0.1:"}, files: with("registry=http://${X}${Y}${P}\n"), fails: true},
		{name: "escaped variable", command: "publish", env: []string{"WHERE={a}"}, files: with("registry=http://\\${WHERE}/\n"), fails: true},
		{name: "optional variable", npms: "11 12", command: "publish", files: with("registry=${NONE?}{A}\n")},
		{name: "no optional variable", npms: "6 8 10", command: "publish", files: with("registry=${NONE?}{A}\n"), fails: true},
		{name: "default of a variable", command: "publish", files: with("registry=${NONE-{A}}\n"), fails: true},
		{name: "array", command: "publish", files: with("registry[]={A}\n"), fails: true},
		{name: "null", command: "publish", files: scoped("@acme:registry=null\nregistry={A}\n")},
		{name: "no address", command: "publish", files: with("registry=registry.example\n"), fails: true},
		{name: "backslashes", command: "publish", files: with("registry='http:\\\\\\\\{a}'\n"), fails: true},
		{name: "not the name", command: "publish", files: with("registry ={A}\n registry.x={C}\nregistrys={C}\n")},
	}
}

// publishLayouts publish other packages than the one of the folder.
func publishLayouts() []layout {
	const workspaces = "8 10 11 12"
	project := func(more string) map[string]string {
		return map[string]string{
			"project/package.json": pkg("root", more+`,"workspaces": ["packages/*", "!packages/left-out"]`), "project/.npmrc": "registry={A}\n@acme:registry={B}\n",
			"project/packages/one/package.json":      pkg("one", ""),
			"project/packages/one/.npmrc":            "registry={C}\n",
			"project/packages/two/package.json":      pkg("@acme/two", ""),
			"project/packages/own/package.json":      pkg("own", `,"private": true`),
			"project/packages/left-out/package.json": pkg("left-out", ""),
			"project/packages/left-out/.npmrc":       "registry={C}\n",
			"project/packages/no/README":             "",
		}
	}
	folder := map[string]string{
		"project/package.json": pkg("root", ""), "project/.npmrc": "registry={B}\n@acme:registry={A}\n",
		"project/sub/package.json": pkg("@acme/sub", ""), "project/sub/.npmrc": "registry={C}\n@acme:registry={C}\n",
	}
	tgz := map[string]string{
		"project/.npmrc": "registry={B}\n", "project/package.json": pkg("root", `,"publishConfig": {"registry": "{C}"}`),
		"project/x.tgz": pkg("thing", `,"publishConfig": {"@acme:registry": "{C}", "registry": "{A}"}`),
	}
	return []layout{
		{name: "folder", command: "publish ./sub", files: folder},
		{name: "folder with a slash", command: "publish sub/", files: folder},
		{name: "folder as an address", npms: workspaces, command: "publish file:sub", files: folder},
		{name: "folder by its path", command: "publish {root}/project/sub", files: folder},
		{name: "folder by its name", npms: "6", command: "publish sub", files: folder},
		{name: "prefix is not the package", command: "publish --prefix={root}/project/sub", files: folder},
		{name: "below the project", command: "publish ..", dir: "project/lib", files: map[string]string{
			"project/package.json": pkg("thing", ""), "project/.npmrc": "registry={A}", "project/lib/.npmrc": "registry={C}",
		}},
		{name: "node_modules makes a project", command: "publish ..", dir: "project/lib", files: map[string]string{
			"project/package.json": pkg("thing", ""), "project/.npmrc": "registry={C}", "project/lib/.npmrc": "registry={A}", "project/lib/node_modules/x/y": "",
		}},
		{name: "tarball", command: "publish x.tgz --force", files: tgz},
		{name: "tarball by its path", command: "publish ./x.tgz --force", files: tgz},
		{name: "workspace", npms: workspaces, command: "publish", dir: "project/packages/one", files: project("")},
		{name: "workspace of npm 6", npms: "6", command: "publish", dir: "project/packages/one", files: project("")},
		{name: "folder in a workspace", npms: workspaces, command: "publish ..", dir: "project/packages/one/lib", files: project("")},
		{name: "no workspace", npms: workspaces, command: "publish", dir: "project/packages/left-out", files: project("")},
		{name: "workspace refused", npms: workspaces, command: "publish --no-workspaces", dir: "project/packages/one", files: project("")},
		{name: "all workspaces", npms: workspaces, command: "publish --workspaces", files: project("")},
		{name: "all workspaces in short", npms: workspaces, command: "publish --ws", files: project("")},
		{name: "all workspaces and the root", npms: "8 10 11", command: "publish -ws -iwr --force", files: project(`,"publishConfig": {"registry": "{C}"}`)},
		{name: "workspaces and the root", npms: workspaces, command: "publish --workspaces --include-workspace-root --force", files: project(`,"publishConfig": {"registry": "{C}"}`)},
		{name: "one workspace", npms: workspaces, command: "publish -w one", files: project("")},
		{name: "one workspace by its folder", npms: workspaces, command: "publish --workspace=packages/two", files: project("")},
		{name: "workspaces by their folder", npms: workspaces, command: "publish -w ./packages", files: project("")},
		{name: "two workspaces", npms: workspaces, command: "publish -w one -w @acme/two", files: project("")},
		{name: "workspaces in a variable", npms: workspaces, command: "publish", env: []string{"npm_config_workspaces=true"}, files: project("")},
		{name: "workspace of another folder", npms: workspaces, command: "publish ../two", dir: "project/packages/one", files: project("")},
		{name: "no package of this machine", command: "publish thing@0.0.1", files: project(""), fails: true},
		{name: "repository", command: "publish user/thing", files: project(""), fails: true},
		{name: "address", command: "publish {A}/thing/-/thing-0.0.1.tgz", files: project(""), fails: true},
	}
}

// commandLayouts run the other commands that take a code.
func commandLayouts() []layout {
	scoped := map[string]string{"home/.npmrc": "registry={B}\n@acme:registry={A}"}
	own := map[string]string{"home/.npmrc": scoped["home/.npmrc"], "project/package.json": pkg("@acme/thing", `,"publishConfig": {"@acme:registry": "{C}", "registry": "{C}"}`)}
	plain := map[string]string{"home/.npmrc": scoped["home/.npmrc"], "project/package.json": pkg("thing", `,"publishConfig": {"registry": "{C}"}`)}
	const old, since8, since10 = "6 8", "8 10 11 12", "10 11 12"
	return []layout{
		{name: "owner", command: "owner add bob @acme/thing", files: scoped},
		{name: "owner without a scope", command: "owner add bob thing", files: scoped},
		{name: "owner of the project", command: "owner add bob", files: own, npms: since8},
		{name: "owner in an alias", command: "author add bob @acme/thing", sub: "owner", files: scoped},
		{name: "dist-tag", command: "dist-tag add @acme/thing@0.0.1 next", files: scoped},
		{name: "dist-tag without a scope", command: "dist-tags add thing@0.0.1 next", sub: "dist-tag", files: own},
		{name: "dist-tag by the setting scope", command: "dist-tag add thing@0.0.1 next --scope=@acme", files: scoped},
		{name: "dist-tag of an alias", command: "dist-tag add x@npm:@acme/thing next", files: scoped, fails: true},
		{name: "deprecate", command: "deprecate @acme/thing@0.0.1 old", files: scoped},
		{name: "deprecate in a project", command: "deprecate thing old", files: plain},
		{name: "star", npms: old, command: "star @acme/thing", files: scoped},
		{name: "access", npms: old, command: "access public @acme/thing", files: scoped},
		{name: "access of the project", npms: old, command: "access public", files: own},
		{name: "access to a code", npms: old, command: "access 2fa-required @acme/thing", files: scoped},
		{name: "access set", npms: since10, command: "access set status=public @acme/thing", files: scoped},
		{name: "access set for the project", npms: since10, command: "access set status=public", files: own},
		{name: "access set mfa", npms: since10, command: "access set mfa=none @acme/thing", files: scoped},
		{name: "access grant", command: "access grant read-only @acme:devs @acme/thing", files: scoped},
		{name: "access grant by the scope of the team", command: "access grant read-only @acme:devs thing", files: scoped},
		{name: "team", command: "team create @acme:more", files: scoped},
		{name: "team by the setting scope", command: "team create @acme:more --scope=acme", files: scoped},
		{name: "org", command: "org set acme bob admin", files: scoped},
		{name: "profile", command: "profile set fullname Alice", files: own},
		{name: "token", command: "token list", files: scoped, reads: true},
		{name: "hook", npms: "6 8", command: "hook add @acme/thing {C} secret", files: scoped},
		{name: "unpublish a version", command: "unpublish @acme/thing@0.0.1 --force", files: scoped},
		{name: "unpublish the project", command: "unpublish @acme/thing --force", files: own},
		{name: "unpublish without a scope", command: "unpublish thing --force", files: plain},
		{name: "unpublish without a name", command: "unpublish --force", files: own, reads: true},
		{name: "unpublish another package", command: "unpublish left --force", files: own},
		{name: "unpublish with publishConfig on the command line", command: "unpublish thing --force --registry={A}", files: plain},
		{name: "login", command: "login", files: scoped},
		{name: "login to a scope", command: "login --scope=@acme", files: scoped},
		{name: "login to a scope without an at", command: "login --scope=acme", files: scoped},
		{name: "login to a scope elsewhere", command: "login --scope=@acme --registry={C}", files: scoped},
		{name: "newer npm", npms: since8, command: "dist-tag add @acme/thing@0.0.1 next", files: scoped, env: []string{"npm_config_update_notifier=true"}},
	}
}
