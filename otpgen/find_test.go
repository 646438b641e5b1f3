package otpgen_test

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"npmotp/internal/secret"
	"npmotp/otpgen"
)

func TestFindURIs(t *testing.T) {
	const (
		uri   = "otpauth://totp/npm:ada?secret=" + canon + "&issuer=npm"
		other = "otpauth://hotp/Other:bob?secret=" + canon + "&issuer=Other&counter=7"
	)
	for what, tt := range map[string]struct {
		text string
		want []string
	}{
		"alone":            {uri, []string{uri}},
		"a list":           {uri + "\n\n" + other + "\r\n", []string{uri, other}},
		"double quotes":    {`"` + uri + `"`, []string{uri}},
		"single quotes":    {"'" + uri + "'", []string{uri}},
		"backquotes":       {"The key is `" + uri + "`.", []string{uri}},
		"angle brackets":   {"<" + uri + "> for npm", []string{uri}},
		"Markdown":         {"* [npm](" + uri + ")", []string{uri}},
		"a bullet":         {"- " + uri + "\n• " + other, []string{uri, other}},
		"numbered":         {"1. " + uri + "\n2) " + other, []string{uri, other}},
		"named":            {"otpauth: " + uri, []string{uri}},
		"YAML":             {"npm:\n  uri: \"" + uri + "\"\n  user: ada\nother:\n  uri: " + other + "\n", []string{uri, other}},
		"JSON":             {`{"items":["` + uri + `","` + other + `"]}`, []string{uri, other}},
		"JSON of PHP":      {`["` + strings.ReplaceAll(uri, "/", `\/`) + `"]`, []string{uri}},
		"JSON of Go":       {`["` + strings.ReplaceAll(uri, "&", `\u0026`) + `"]`, []string{uri}},
		"a shell":          {strings.NewReplacer("?", `\?`, "&", `\&`, "=", `\=`).Replace(uri), []string{uri}},
		"pass show":        {"hunter2\nlogin: ada\n" + uri + "\nurl: https://www.npmjs.com", []string{uri}},
		"a sentence":       {"Use " + uri + " at work, " + other + ".", []string{uri, other}},
		"one word and it":  {"Scan " + uri + "!", []string{uri}},
		"in brackets":      {"(see " + uri + ").\n[or " + other + "].", []string{uri, other}},
		"an issuer's dot":  {"key: otpauth://totp/X%20Inc.:ada?secret=" + canon + "&issuer=X%20Inc.", []string{"otpauth://totp/X%20Inc.:ada?secret=" + canon + "&issuer=X%20Inc."}},
		"a quoted dot":     {"key: \"otpauth://totp/ada?secret=" + canon + "&issuer=X.\"", []string{"otpauth://totp/ada?secret=" + canon + "&issuer=X."}},
		"a comment":        {"# " + uri + "\n" + other, []string{other}},
		"prose about it":   {"an otpauth:// URI, or otpauth:// ones", nil},
		"web addresses":    {"https://example.com/?otpauth steam://run/1", []string{}},
		"a game":           {"play steam://run/440 now", nil},
		"Steam":            {"steam://" + canon, []string{"steam://" + canon}},
		"Steam in a list":  {"- 'steam://" + canon + "'", []string{"steam://" + canon}},
		"capitals":         {"OTPAUTH://TOTP/x?SECRET=" + canon, []string{"OTPAUTH://TOTP/x?SECRET=" + canon}},
		"Apple's":          {"apple-" + uri, []string{uri}},
		"a transfer":       {"x: otpauth-migration://offline?data=AAAA", []string{"otpauth-migration://offline?data=AAAA"}},
		"blanks in label":  {"otpauth://totp/My Shop:ada l?secret=" + canon, []string{"otpauth://totp/My Shop:ada l?secret=" + canon}},
		"blanks in secret": {"otpauth://totp/x?secret=" + canon[:16] + " " + canon[16:] + "&digits=6", []string{"otpauth://totp/x?secret=" + canon[:16] + " " + canon[16:] + "&digits=6"}},
		"blanks in issuer": {"otpauth://totp/x?issuer=My Shop&secret=" + canon, []string{"otpauth://totp/x?issuer=My Shop&secret=" + canon}},
		"an apostrophe":    {"'otpauth://totp/O'Brien?secret=" + canon + "'", []string{"otpauth://totp/O'Brien?secret=" + canon}},
		"XML":              {"<string>" + strings.ReplaceAll(uri, "&", "&amp;") + "</string>", []string{strings.ReplaceAll(uri, "&", "&amp;")}},
		"a QR code's page": {"https://chart.example.com/chart?cht=qr&chl=" + strings.NewReplacer(":", "%3A", "/", "%2F", "?", "%3F", "=", "%3D", "&", "%26").Replace(uri) + "&chs=200", []string{uri}},
		"a shell's lines":  {uri[:40] + "\\\n" + uri[40:], []string{uri}},
		"headings":         {"npm\n" + uri + "\nOther\n" + other, []string{uri, other}},

		"a transfer's address":     {"https://example.org/?u=otpauth-migration%3a%2F%2Foffline%3Fdata%3DAAAA", []string{"otpauth-migration://offline?data=AAAA"}},
		"a row of a table":         {"npm;ada;" + uri + ";note\n|npm|" + other + "|", []string{uri, other}},
		"a link of a chat":         {"<" + uri + "|npm>", []string{uri}},
		"a link of a wiki":         {"[" + uri + " the key]", []string{uri}},
		"in bold":                  {"**" + uri + "** and _" + other + "_", []string{uri, other}},
		"a coloured one":           {"\x1b[32m" + uri + "\x1b[0m", []string{uri}},
		"wrapped in a table":       {"| " + uri[:55] + " |\n| " + uri[55:] + " |", []string{uri}},
		"wrapped with empty lines": {uri[:len(uri)-13] + "\n\n" + uri[len(uri)-13:], []string{uri}},
		"a sign in the secret":     {uri[:50] + "<hidden>", []string{""}},
		"a sign for an &":          {uri + "<algorithm=SHA256&digits=8", []string{"a sign inside"}},
		"a blank for an &":         {uri + " digits=8", []string{"a blank inside"}},
		"a note behind":            {uri + " # digits=8", []string{uri}},
		"fields that differ":       {"uri: " + uri + "\ndigits: 8", []string{"fields beside"}},
		"fields that agree":        {"uri: " + uri + "&digits=6\ndigits: 6\nperiod: 30", []string{uri + "&digits=6"}},
		"fields of something else": {"uri: " + uri + "\nperiod: monthly", []string{uri}},
		"a sign in a value":        {uri[:len(uri)-3] + "\x00npm&digits=8", []string{"a sign inside"}},
		"wrapped in the secret":    {uri[:40] + "\n" + uri[40:], []string{uri}},
		"wrapped in mail":          {"> " + uri[:40] + "\n> " + uri[40:], []string{uri}},
		"wrapped three times":      {uri[:35] + "\n  " + uri[35:50] + "\n  " + uri[50:] + "\n\nBye", []string{uri}},
		"wrapped in a name":        {uri + "&dig\nits=8&period=30", []string{uri + "&digits=8&period=30"}},
		"wrapped before an &":      {uri + "\n&digits=8", []string{uri + "&digits=8"}},
		"wrapped in the label":     {"otpauth://totp/npm:a\nda?secret=" + canon, []string{"otpauth://totp/npm:ada?secret=" + canon}},
		"wrapped in quotes":        {`uri: "` + uri[:40] + "\n  " + uri[40:] + "\"\nuser: ada", []string{uri}},
		"quoted-printable":         {strings.ReplaceAll(uri, "=", "=3D") + "=\n&digits=3D8", []string{uri + "&digits=8"}},
		"wrapped, unclear secret":  {"otpauth://totp/npm:ada?secret=" + canon[:16] + "\n" + canon[16:], []string{"unclear"}},
		"wrapped before a value":   {uri + "&digits=\n8", []string{uri + "&digits=8"}},
		"wrapped in a short name":  {uri + "&digits=6&peri\nod=60", []string{uri + "&digits=6&period=60"}},
		"a password after it":      {uri + "\nhunter2", []string{uri}},
		"a password after secret":  {"otpauth://totp/x?secret=" + canon + "\nhunter2", []string{"unclear"}},
		"other words after secret": {"otpauth://totp/x?secret=" + canon + "\nhunter1!", []string{"otpauth://totp/x?secret=" + canon}},
		"masked":                   {"otpauth://totp/x?secret=" + canon[:16] + "...", []string{"in full"}},
		"masked at the end":        {uri + "&digits=…", []string{"in full"}},
		"an open quote":            {`"` + uri + "\n\nlater", []string{"quotation mark"}},
		"two strings":              {`["` + uri[:40] + `", "` + uri[40:] + `", "` + other + `"]`, []string{uri, other}},
		"two strings, two lines":   {"[\n \"" + uri[:40] + "\",\n \"" + uri[40:] + "\",\n \"" + other + "\"]", []string{uri, other}},
		"three literals":           {"x = '" + uri[:20] + "' +\n '" + uri[20:40] + "' + '" + uri[40:] + "'\ny = '" + other + "'", []string{uri, other}},
		"literals side by side":    {`x = ("` + uri[:40] + `" "` + uri[40:] + `")`, []string{uri}},
		"two items of YAML":        {"- \"" + uri[:40] + "\"\n- \"" + uri[40:] + "\"\n- \"" + other + "\"", []string{uri, other}},
		"two plain items of YAML":  {"- " + uri[:40] + "\n- " + uri[40:] + "\n- " + other, []string{uri, other}},
		"two plain items, unclear": {"- otpauth://totp/npm:ada?secret=" + canon[:16] + "\n- " + canon[16:], []string{"unclear"}},
		"two strings, unclear":     {`["otpauth://totp/npm:ada?secret=` + canon[:16] + `", "` + canon[16:] + `"]`, []string{"unclear"}},
		"a string after it":        {`["` + uri + `", "ada"]`, []string{uri}},
		"a field after it":         {`{"otp": "otpauth://totp/x?secret=` + canon + `", "user": "ada"}`, []string{"otpauth://totp/x?secret=" + canon}},
		"closed before another":    {`["` + uri[:40] + "\n" + uri[40:] + `", "` + other + `"]`, []string{uri, other}},
		"a word behind it":         {"Use otpauth://totp/x?secret=" + canon + " and go", []string{"otpauth://totp/x?secret=" + canon}},
		"groups and words":         {"otpauth://totp/x?secret=" + canon[:16] + " " + canon[16:] + " and go", []string{"otpauth://totp/x?secret=" + canon[:16] + " " + canon[16:]}},
		"a soft break of mail":     {"otpauth://totp/x?secret=" + canon[:16] + "=\n" + canon[16:], []string{"unclear"}},
		"an empty line in it":      {"otpauth://totp/x?secret=" + canon[:16] + "\n\n" + canon[16:], []string{"unclear"}},
		"a page between":           {"otpauth://totp/x?secret=" + canon[:16] + "\n- 2 -\n" + canon[16:], []string{"unclear"}},
		"numbers of lines":         {" 1\totpauth://totp/x?secret=" + canon[:16] + "\n 2\t" + canon[16:], []string{"unclear"}},
		"signs of comments":        {"// otpauth://totp/x?secret=" + canon[:16] + "\n// " + canon[16:], []string{"unclear"}},
		"two cells":                {"| otpauth://totp/x?secret=" + canon[:16] + " | " + canon[16:] + " |", []string{"unclear"}},
		"a box":                    {"│ otpauth://totp/x?secret=" + canon[:16] + " │\n│ " + canon[16:] + " │", []string{"unclear"}},
		"as less cuts it":          {"otpauth://totp/x?secret=" + canon[:16] + ">", []string{"in full"}},
		"dots behind a blank":      {"otpauth://totp/x?secret=" + canon[:16] + " (…)", []string{"in full"}},
		"titles below":             {"otpauth://totp/x?secret=" + canon + "\n\nGITHUB\n" + other, []string{"otpauth://totp/x?secret=" + canon, other}},
		"another scheme":           {strings.Replace(uri, "otpauth", "otpaut", 1), []string{"not an otpauth URI"}},
	} {
		t.Run(what, func(t *testing.T) {
			var got []string
			for _, f := range otpgen.FindURIs(secret.New(tt.text)) {
				if f.Err == nil {
					got = append(got, f.URI.Reveal())
					continue
				}
				if !errors.Is(f.Err, otpgen.ErrInvalid) || f.URI.Len() > 0 {
					t.Errorf("%v", f.Err)
				}
				got = append(got, f.Err.Error())
			}
			same := slices.EqualFunc(got, tt.want, func(got, want string) bool {
				return got == want || want == "unclear" && strings.Contains(got, "may be the rest") || !strings.Contains(want, "://") && strings.Contains(got, want)
			})
			if !same {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
		})
	}
	found := otpgen.FindURIs(secret.New("a\n\n" + uri + "\n" + other))
	if len(found) != 2 || found[0].Line != 3 || found[1].Line != 4 {
		t.Errorf("lines %+v", found)
	}
}

// A URI that does not state its issuer has the one that stands beside it.
func TestNamesBesideURIs(t *testing.T) {
	const (
		bare = "otpauth://totp/ada?secret=" + canon
		two  = "otpauth://totp/bob?secret=" + canon
	)
	for what, tt := range map[string]struct{ text, want string }{
		"nothing":                 {bare, ":ada"},
		"a name":                  {"GitHub: " + bare, "GitHub:ada"},
		"of several words":        {"1. Amazon Web Services: " + bare, "Amazon Web Services:ada"},
		"in bold":                 {"- **GitHub**: `" + bare + "`", "GitHub:ada"},
		"with a user":             {"GitHub (ada): " + bare, "GitHub:ada"},
		"without a separator":     {"GitHub " + bare, "GitHub:ada"},
		"after an equals sign":    {"GitHub = " + bare, "GitHub:ada"},
		"after a dash":            {"GitHub \u2013 " + bare, "GitHub:ada"},
		"npm's":                   {"my key for npmjs.com: " + bare, "npm:ada"},
		"what it is":              {"my new OTP key: " + bare, ":ada"},
		"what and whose it is":    {"2FA GitHub: " + bare, "GitHub:ada"},
		"the account":             {"ada: " + bare, ":ada"},
		"an address":              {"ada@example.org: " + bare, ":ada"},
		"a sentence":              {"this one has to be kept in a very safe place: " + bare, ":ada"},
		"a command":               {"echo " + bare, ":ada"},
		"an argument":             {"$ npmotp add --uri <<< " + bare, ":ada"},
		"npm's words":             {"Scan into your authenticator app:\n" + bare, ":ada"},
		"a cell":                  {"| GitHub | ada | " + bare + " |", "GitHub:ada"},
		"a line above":            {"GitHub:\n  " + bare, "GitHub:ada"},
		"a map of YAML":           {"GitHub:\n  user: ada\n  otp: " + bare, "GitHub:ada"},
		"a section":               {"[github]\nurl = \"" + bare + "\"", "github:ada"},
		"a heading":               {"## GitHub\n\n" + bare, "GitHub:ada"},
		"its own issuer":          {"GitHub: otpauth://totp/GitLab:ada?secret=" + canon, "GitLab:ada"},
		"a comment":               {"// GitHub\n" + bare, "GitHub:ada"},
		"an item":                 {"* GitHub\n  " + bare, "GitHub:ada"},
		"numbered titles":         {"1) GitHub (work)\n" + bare + "\n2) npm\n" + two, "GitHub:ada npm:bob"},
		"sites":                   {"Site: https://github.com\nOTP: " + bare + "\n\nSite: https://npmjs.com\nOTP: " + two, "github.com:ada npm:bob"},
		"a password":              {"Hunter\n" + bare, ":ada"},
		"fields":                  {"hunter2\n" + bare + "\nurl: https://github.com/login", "github.com:ada"},
		"a user":                  {"login: eve\nservice: GitHub\notpauth://totp?secret=" + canon, "GitHub:eve"},
		"elements of XML":         {"<entry>\n <title>GitHub</title>\n <uri>" + bare + "</uri>\n</entry>", "GitHub:ada"},
		"JSON":                    {`{"service":"GitHub","uri":"` + bare + `"}`, "GitHub:ada"},
		"Steam":                   {"Steam: " + bare, "Steam:ada"},
		"a path":                  {"web/github.com/ada:\n" + bare, "github.com:ada"},
		"paths of a search":       {"web/github.com/ada.gpg:" + bare + "\ndev/npm/bob.gpg:" + two, "github.com:ada npm:bob"},
		"two paths":               {"github.com/ada\n  " + bare + "\nnpmjs.com/bob\n  " + two, "github.com:ada npm:bob"},
		"a path of gopass":        {"Secret: web/github.com/ada\n\nhunter2\n" + bare, "github.com:ada"},
		"cells of HTML":           {"<tr><td>GitHub</td><td>ada</td><td><code>" + bare + "</code></td></tr>", "GitHub:ada"},
		"a title and a password":  {"GitHub\npassword: hunter2\n" + bare, "GitHub:ada"},
		"an address of a picture": {"https://example.org/qr?" + bare, ":ada"},
		"two names":               {"GitHub: " + bare + "\nnpm: " + two, "GitHub:ada npm:bob"},
		"two titles":              {"GitHub\n" + bare + "\n\nnpm\n" + two, "GitHub:ada npm:bob"},
		"two with fields":         {"service: GitHub\nuri: " + bare + "\nservice: npm\nuri: " + two, "GitHub:ada npm:bob"},
		"two with fields below":   {bare + "\nservice: npm\n" + two + "\nservice: GitHub\n", "npm:ada GitHub:bob"},
		"two items":               {"- service: npm\n  uri: " + bare + "\n- uri: " + two + "\n  service: GitHub\n", "npm:ada GitHub:bob"},
		"two objects":             {"{\n\"uri\": \"" + bare + "\",\n\"service\": \"npm\"\n},\n{\n\"uri\": \"" + two + "\",\n\"service\": \"GitHub\"\n}", "npm:ada GitHub:bob"},
		"two on a line":           {"GitHub: " + bare + " npm: " + two, "GitHub:ada npm:bob"},
		"a transfer":              {"GitHub: otpauth-migration://offline?data=AAAA", ":"},
		"a name before a bad one": {"GitHub: otpauth://totp/ada?secret=A", "GitHub:ada"},
	} {
		var got []string
		for _, f := range otpgen.FindURIs(secret.New(tt.text)) {
			_, l, err := otpgen.ParseURI(f.URI)
			if err != nil && !errors.Is(err, otpgen.ErrMigration) {
				l = otpgen.LabelOf(f.URI)
			}
			got = append(got, l.Issuer+":"+l.Account)
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: got %q, want %q", what, got, tt.want)
		}
	}
}

func TestFindLogins(t *testing.T) {
	const half, other = "JBSWY3DPEHPK3PXP", "GEZDGNBVGY3TQOJQ"
	for what, tt := range map[string]struct{ text, want string }{
		"pass":                    {"hunter2\n---\nusername: ada\nurl: https://www.npmjs.com\ntotp: " + canon, "npm:ada " + canon + " SHA1 6"},
		"a note":                  {"Name: GitLab\nUsername: ada\nTOTP: " + canon + "\nURL: gitlab.com", "GitLab:ada " + canon + " SHA1 6"},
		"parameters":              {"issuer: npm\r\nsecret: " + canon + "\r\nalgorithm: SHA256\r\ndigits: 8\r\n", "npm: " + canon + " SHA256 8"},
		"an interval":             {"issuer: npm\nsecret: " + canon + "\ninterval: 30s", "must be decimal"},
		"what is unclear":         {"issuer: npm\nsecret: " + canon + "\ndigits: six", "digits, period and counter must be decimal numbers"},
		"Steam":                   {"issuer: Steam\nsecret: " + canon, "Steam Guard"},
		"gopass":                  {"hunter2\notpauth: //totp/npm:ada?secret=" + canon + "&issuer=npm", "npm:ada " + canon + " SHA1 6"},
		"a URI":                   {"otpauth: otpauth://totp/npm:ada?secret=" + canon, ""},
		"the same twice":          {"otp: " + canon + "\nsecret: " + canon, ": " + canon + " SHA1 6"},
		"two":                     {"name: npm\ntotp: " + half + "\n\nname: GitHub\ntotp: " + other + "\n", "npm: " + half + " SHA1 6\nGitHub: " + other + " SHA1 6"},
		"two in one":              {"totp: " + half + "\ntotp: " + other, "several secrets"},
		"a password":              {"secret: hunter2", ""},
		"wrapped":                 {"Secret: " + canon[:16] + "\n        " + canon[16:], "may be the rest of the secret"},
		"wrapped groups":          {"TOTP: " + half + "\nGEZD GNBV GY3T QOJQ\nuser: ada", "may be the rest of the secret"},
		"wrapped, small":          {"TOTP: " + strings.ToLower(half) + "\n" + strings.ToLower(other) + "\n", "may be the rest of the secret"},
		"wrapped, a line between": {"Secret: " + half + "\n\n" + other, "may be the rest of the secret"},
		"two, one wrapped":        {"totp: " + half + "\n\ntotp: " + other + "\n" + canon[16:], ": " + half + " SHA1 6\nwhat follows may be the rest of the secret, which is needed on one line"},
		"a note below":            {"TOTP: " + canon + "\nkept with the deed of the house\n---\n", ": " + canon + " SHA1 6"},
	} {
		var got []string
		for _, f := range otpgen.FindLogins(secret.New(tt.text)) {
			k, l, err := otpgen.ParseURI(f.URI)
			if err = cmp.Or(f.Err, err); err != nil {
				got = append(got, err.Error())
			} else {
				got = append(got, fmt.Sprintf("%s:%s %s %s %d", l.Issuer, l.Account, k.Secret.Reveal(), k.Alg, k.Digits))
			}
		}
		if text := strings.Join(got, "\n"); text != tt.want && (tt.want == "" || !strings.Contains(text, tt.want)) {
			t.Errorf("%s: got %q, want %q", what, text, tt.want)
		}
	}
}

// Wherever a URI is broken into lines, it makes its key or none.
func TestFindWrappedAnywhere(t *testing.T) {
	const uri = "otpauth://totp/npm:ada?secret=" + canon + "&issuer=npm&algorithm=SHA256&digits=8&period=60"
	want, _ := parse(t, uri)
	joined := 0
	for at := 1; at < len(uri); at++ {
		for _, text := range []string{uri[:at] + "\n" + uri[at:], "'" + uri[:at] + "\n" + uri[at:] + "'", `["` + uri[:at] + `", "` + uri[at:] + `"]`} {
			for _, f := range otpgen.FindURIs(secret.New(text)) {
				k, _, err := otpgen.ParseURI(f.URI)
				if f.Err != nil || err != nil {
					continue
				}
				joined++
				if !sameKey(k, want) {
					t.Errorf("broken at %d: another key", at)
				}
			}
		}
	}
	if joined < len(uri) {
		t.Errorf("%d joined", joined)
	}
}

// One character that goes, comes or changes outside the secret makes no other
// key of a URI.
func TestParseURISlips(t *testing.T) {
	const head, tail = "otpauth://totp/npm:ada?secret=" + canon, "&issuer=npm&algorithm=SHA256&digits=8&period=60"
	want, _ := parse(t, head+tail)
	for at := range tail {
		for _, changed := range []string{tail[:at] + tail[at+1:], tail[:at] + "x" + tail[at:], tail[:at] + "x" + tail[at+1:], tail[:at] + "&" + tail[at+1:], tail[:at] + "=" + tail[at+1:]} {
			k, _, err := otpgen.ParseURI(secret.New(head + changed))
			if err != nil {
				continue
			}
			// A number that lost or got a digit cannot be told from one that is meant.
			k.Period, k.Digits = want.Period, max(k.Digits, want.Digits)
			if !sameKey(k, want) {
				t.Errorf("%s: another key", changed)
			}
		}
	}
}

func TestSplitLabel(t *testing.T) {
	for _, tt := range []struct {
		issuer, name string
		want         otpgen.Label
	}{
		{"npm", "npm:ada", otpgen.Label{Issuer: "npm", Account: "ada"}},
		{"NPM", "npm: ada", otpgen.Label{Issuer: "NPM", Account: "ada"}},
		{"", "npm:ada", otpgen.Label{Issuer: "npm", Account: "ada"}},
		{"", "GitHub - ada", otpgen.Label{Issuer: "GitHub", Account: "ada"}},
		{"", "GitHub (ada)", otpgen.Label{Issuer: "GitHub", Account: "ada"}},
		{"", "github.com/ada", otpgen.Label{Issuer: "github.com", Account: "ada"}},
		{"npm", "ada - work", otpgen.Label{Issuer: "npm", Account: "ada - work"}},
		{"", "ada@example.org", otpgen.Label{Account: "ada@example.org"}},
		{"npm", "GitHub:ada", otpgen.Label{Issuer: "npm", Account: "GitHub:ada"}},
		{"npm", " ada ", otpgen.Label{Issuer: "npm", Account: "ada"}},
		{"", "https://npmjs.com", otpgen.Label{Account: "https://npmjs.com"}},
		{"", "", otpgen.Label{}},
	} {
		if got := otpgen.SplitLabel(tt.issuer, tt.name); got != tt.want {
			t.Errorf("%q %q: %q, want %q", tt.issuer, tt.name, got, tt.want)
		}
	}
}

func BenchmarkFindURIs(b *testing.B) {
	for _, n := range []int{1000, 10_000} {
		text := secret.New(strings.Repeat("otpauth://totp/npm:ada?secret="+canon+"&issuer=npm\n", n))
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				if found := otpgen.FindURIs(text); len(found) != n {
					b.Fatal(len(found))
				}
			}
			b.ReportMetric(float64(b.Elapsed()/time.Duration(b.N*n)), "ns/URI")
		})
	}
}
