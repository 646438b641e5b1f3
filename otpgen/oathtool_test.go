package otpgen_test

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"npmotp/internal/secret"
	"npmotp/otpgen"
)

// oathtool runs the tool of OATH Toolkit, an implementation that shares no
// code with this one, and returns its path.
func oathtool(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("oathtool")
	if err == nil {
		return path
	}
	// There is no package of it for Windows.
	if os.Getenv("CI") == "true" && runtime.GOOS != "windows" {
		t.Fatal("oathtool must be installed where CI=true")
	}
	t.Skip("oathtool is not installed")
	return ""
}

func runOathtool(t *testing.T, path string, key secret.Text, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), path, append(args, "--base32", "-")...)
	cmd.Stdin = strings.NewReader(key.Reveal() + "\n")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("oathtool %v: %v: %s", args, err, stderr.String())
	}
	return strings.TrimSpace(string(out))
}

func TestOathtoolAgreesOnTOTP(t *testing.T) {
	path := oathtool(t)
	at := []int64{0, 29, 30, 59, 1111111109, 1700000000, 2147483648, 4102444800, 20000000000}
	n := 0
	for size := 10; size <= 64; size += 9 {
		raw := make([]byte, size)
		for i := range raw {
			raw[i] = byte(i*37 + size)
		}
		k := newKey(t, string(raw))
		for _, k.Alg = range []otpgen.Alg{otpgen.SHA1, otpgen.SHA256, otpgen.SHA512} {
			k.Digits = 6 + n%3
			k.Period = []time.Duration{30, 60, 1, 86400, 45}[n%5] * time.Second
			unix := at[n%len(at)]
			n++
			want := runOathtool(t, path, k.Secret, "--totp="+k.Alg.String(), "--digits="+strconv.Itoa(k.Digits),
				fmt.Sprintf("--time-step-size=%ds", int(k.Period.Seconds())), fmt.Sprintf("--now=@%d", unix))
			if got := codeAt(t, k, time.Unix(unix, 0)); got != want {
				t.Errorf("%d bytes, %v, %d digits, %v, at %d: %s, oathtool says %s",
					size, k.Alg, k.Digits, k.Period, unix, got, want)
			}
		}
	}
}

func TestOathtoolAgreesOnHOTP(t *testing.T) {
	path := oathtool(t)
	k := newKey(t, ascii20)
	k.Kind = otpgen.HOTP
	for i, counter := range []uint64{0, 1, 255, 256, 1<<31 - 1, 1 << 32, 1<<63 - 1} {
		k.Counter, k.Digits = counter, 6+i%3
		code, _, err := k.HOTP()
		if err != nil {
			t.Fatal(err)
		}
		want := runOathtool(t, path, k.Secret, "--hotp", "--digits="+strconv.Itoa(k.Digits), fmt.Sprintf("--counter=%d", counter))
		if got := code.Value.Reveal(); got != want {
			t.Errorf("%d digits, counter %d: %s, oathtool says %s", k.Digits, counter, got, want)
		}
	}
}
