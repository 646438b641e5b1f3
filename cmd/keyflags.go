package cmd

import (
	"time"

	"github.com/spf13/cobra"

	"npmotp/internal/ui"
	"npmotp/otpgen"
)

// keyFlags are the flags that say how codes are computed, for secrets that
// come without that.
type keyFlags struct {
	digits          int
	algorithm, kind string
	period          time.Duration
	counter         uint64
}

func (k *keyFlags) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.IntVar(&k.digits, "digits", 6, "length of a code, 6 to 8")
	f.StringVar(&k.algorithm, "algorithm", "SHA1", "SHA1, SHA256 or SHA512")
	k.period = 30 * time.Second
	f.Var((*ui.TimeFlag)(&k.period), "period", "`TIME` that a code lasts")
	f.StringVar(&k.kind, "type", "totp", "totp (time-based) or hotp (counter-based)")
	completeChoices(cmd, "type", "totp", "hotp")
	completeChoices(cmd, "algorithm", "SHA1", "SHA256", "SHA512")
	f.Uint64Var(&k.counter, "counter", 0, "counter of the next code, for --type hotp")
}

// apply returns key with what the flags of cmd set.
func (k *keyFlags) apply(cmd *cobra.Command, key otpgen.Key) (otpgen.Key, error) {
	set := cmd.Flags().Changed
	if set("type") {
		kind, err := otpgen.ParseKind(k.kind)
		if err != nil {
			return otpgen.Key{}, ui.Usagef("--type %q is neither totp nor hotp", k.kind)
		}
		key.Kind = kind
	}
	if set("algorithm") {
		alg, err := otpgen.ParseAlg(k.algorithm)
		if err != nil {
			return otpgen.Key{}, ui.Usagef("invalid --algorithm %q: use SHA1, SHA256 or SHA512", k.algorithm)
		}
		key.Alg = alg
	}
	if set("digits") {
		key.Digits = k.digits
	}
	if set("period") {
		key.Period = k.period
	}
	if set("counter") {
		if key.Kind != otpgen.HOTP {
			return otpgen.Key{}, ui.Usagef("--counter goes with --type hotp")
		}
		key.Counter = k.counter
	}
	return key, key.Validate()
}
