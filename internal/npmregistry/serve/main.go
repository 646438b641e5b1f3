// Serve runs the registry of package npmregistry for trials by hand.
//
//	go run ./internal/npmregistry/serve [-2fa LEVEL] [-web] [-reuse]
//
// It has a user alice with the password correct-horse, and prints her lines of
// an .npmrc and, when -2fa names a level (auth-only or auth-and-writes), the
// secret of her second factor and her recovery codes. With -web npm logs in and
// asks for codes by way of a page, as on npm's own registry; with -reuse a code
// may be used more than once while it is valid, which is also as there.
// It runs until it is interrupted, and forgets everything then.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"strings"

	"npmotp/internal/npmregistry"
)

const (
	user     = "alice"
	password = "correct-horse"
	// The secret is RFC 6238's, so that any tool's test vectors fit.
	secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		log.Fatalln("serve:", err)
	}
}

// run serves until ctx is done.
func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	level := flags.String("2fa", "", "give alice a second factor at this `level`: auth-only or auth-and-writes")
	web := flags.Bool("web", false, "offer login and codes by way of a web page")
	reuse := flags.Bool("reuse", false, "let a code be used again while it is valid")
	if err := flags.Parse(args); err != nil {
		return err
	}
	s, err := npmregistry.Start(npmregistry.Options{WebLogin: *web, AllowReuse: *reuse})
	if err != nil {
		return err
	}
	s.AddUser(user, password, user+"@example.com")
	text := fmt.Sprintf("registry=%s/\n//%s/:_authToken=%s\n", s.URL(), s.Host(), s.Token(user))
	if *level != "" {
		if *level != npmregistry.AuthOnly && *level != npmregistry.AuthAndWrites {
			return errors.Join(fmt.Errorf("-2fa is %q, not %s or %s", *level, npmregistry.AuthOnly, npmregistry.AuthAndWrites), s.Close())
		}
		s.SetTFA(user, secret, *level, nil)
		text += fmt.Sprintf("# secret %s\n# recovery codes %s\n", secret, strings.Join(s.NewRecoveryCodes(user), " "))
	}
	if _, err = io.WriteString(out, text); err == nil {
		<-ctx.Done()
	}
	return errors.Join(err, s.Close())
}
