package vault_test

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"npmotp/internal/secret"
	"npmotp/otpgen"
	"npmotp/vault"
)

func (h *history) pick(c *vault.Contents) *vault.Account {
	if len(c.Accounts) == 0 {
		return nil
	}
	return &c.Accounts[rapid.IntRange(0, len(c.Accounts)-1).Draw(h.t, "account")]
}

func (h *history) key(hotp bool) *otpgen.Key {
	h.serial++
	k, err := otpgen.NewKey(secret.New(fmt.Sprintf("GEZDGNBVGY3TQOJQGEZDGNBVGY3%c%c%c%c%c",
		'A'+h.serial/26/26%26, 'A'+h.serial/26%26, 'A'+h.serial%26, 'A', 'A')))
	if err != nil {
		h.t.Fatal(err)
	}
	if hotp {
		k.Kind, k.Period = otpgen.HOTP, 0
	}
	return &k
}

func (h *history) addAccount(c *vault.Contents, now time.Time) error {
	name := rapid.SampledFrom([]string{"npm", "work", "npm (2)"}).Draw(h.t, "name")
	a := vault.Account{Name: name, Issuer: "npm"}
	if rapid.IntRange(0, 3).Draw(h.t, "with key") > 0 {
		a.Key = h.key(rapid.Bool().Draw(h.t, "hotp"))
	}
	if _, err := c.Add(a, now); err != nil {
		return errNothing
	}
	return nil
}

func (h *history) removeAccount(c *vault.Contents, now time.Time) error {
	a := h.pick(c)
	if a == nil {
		return errNothing
	}
	// The account of a second secret is that secret, wherever it came from.
	for id := a.ID; a.Key != nil && id != ""; id = h.splitOf[id] {
		h.removed[id+" "+a.Key.Secret.Reveal()] = true
	}
	removed, err := c.Remove(a.Name, now)
	h.removed[removed.ID] = true
	return err
}

func (h *history) edit(c *vault.Contents, now time.Time) error {
	a := h.pick(c)
	if a == nil {
		return errNothing
	}
	h.serial++
	switch rapid.IntRange(0, 4).Draw(h.t, "field") {
	case 0:
		a.Issuer = rapid.SampledFrom([]string{"", "npm", "other"}).Draw(h.t, "issuer")
	case 1:
		a.Username = fmt.Sprint("user ", h.serial)
	case 2:
		a.Registry = fmt.Sprintf("https://r%d.example.org/", h.serial)
	case 3:
		a.Reuse = rapid.SampledFrom([]vault.Reuse{"", vault.ReuseOnce, vault.ReuseAllow}).Draw(h.t, "reuse")
	case 4:
		a.Confirm = rapid.SampledFrom([]vault.Confirm{"", vault.ConfirmAlways, vault.ConfirmNever}).Draw(h.t, "confirm")
	}
	a.UpdatedAt = now
	return nil
}

func (h *history) rename(c *vault.Contents, now time.Time) error {
	a := h.pick(c)
	if a == nil {
		return errNothing
	}
	name := rapid.SampledFrom([]string{"npm", "work", "home", "npm (2)"}).Draw(h.t, "new name")
	if _, err := c.Rename(a.Name, name, now); err != nil {
		return errNothing
	}
	return nil
}

func (h *history) setDefault(c *vault.Contents, _ time.Time) error {
	if a := h.pick(c); a != nil {
		c.Default = a.ID
	}
	return nil
}

func (h *history) addCodes(c *vault.Contents, now time.Time) error {
	a := h.pick(c)
	if a == nil {
		return errNothing
	}
	// Laptops paste the same codes.
	set := rapid.IntRange(1, 4).Draw(h.t, "set")
	codes := texts(fmt.Sprintf("%016x", set), fmt.Sprintf("%016x", 16*set))
	if _, err := a.AddRecoveryCodes(codes, rapid.Bool().Draw(h.t, "join"), now); err != nil {
		return errNothing
	}
	return nil
}

func (h *history) reserve(c *vault.Contents, now time.Time) error {
	a := h.pick(c)
	if a == nil {
		return errNothing
	}
	if _, err := a.Reserve("test", now); err != nil {
		return errNothing
	}
	return nil
}

func (h *history) mark(c *vault.Contents, now time.Time) error {
	a := h.pick(c)
	if a == nil || len(a.RecoveryCodes) == 0 {
		return errNothing
	}
	r := a.RecoveryCodes[rapid.IntRange(0, len(a.RecoveryCodes)-1).Draw(h.t, "code")]
	state := rapid.SampledFrom([]vault.CodeState{vault.Used, vault.Unused}).Draw(h.t, "state")
	if state == vault.Unused {
		if r.State == vault.Used {
			return errNothing // see TestUsedIsForGood
		}
		h.released[a.ID+" "+r.Code.Reveal()] = true
	}
	return a.Mark(r.Number, state, now)
}

func (h *history) nextHOTP(c *vault.Contents, now time.Time) error {
	a := h.pick(c)
	if a == nil || !a.IsHOTP() {
		return errNothing
	}
	_, next, err := a.Key.HOTP()
	a.Key, a.UpdatedAt = &next, now
	return err
}

func (h *history) setKey(c *vault.Contents, now time.Time) error {
	a := h.pick(c)
	if a == nil {
		return errNothing
	}
	h.dropKeyOf(a)
	a.Key, a.UpdatedAt = h.key(rapid.Bool().Draw(h.t, "hotp")), now
	return nil
}

func (h *history) dropKey(c *vault.Contents, now time.Time) error {
	a := h.pick(c)
	if a == nil || a.Key == nil {
		return errNothing
	}
	h.dropKeyOf(a)
	a.Key, a.UpdatedAt = nil, now
	return nil
}

// dropKeyOf notes that the key of a is replaced.
func (h *history) dropKeyOf(a *vault.Account) {
	if a.Key != nil {
		h.removed[a.Key.Secret.Reveal()] = true
		h.removed[a.ID+" "+a.Key.Secret.Reveal()] = true
	}
}

// moveCode removes a code, as "send --move" does.
func (h *history) moveCode(c *vault.Contents, now time.Time) error {
	a := h.pick(c)
	if a == nil || len(a.RecoveryCodes) == 0 {
		return errNothing
	}
	r := a.RecoveryCodes[0]
	h.removed[a.ID+" "+r.Code.Reveal()] = true
	a.Moved = append(a.Moved, vault.Move{ID: fmt.Sprint("bundle ", h.serial, now.UnixNano()), Codes: 1, MovedAt: now, LastNumber: r.Number, LastSet: r.Set})
	h.serial++
	a.RecoveryCodes = a.RecoveryCodes[1:]
	return nil
}

func (h *history) device(c *vault.Contents, now time.Time) error {
	if len(c.Devices) > 0 && rapid.Bool().Draw(h.t, "remove") {
		_, err := c.RemoveDevice(c.Devices[0].Name, now)
		return err
	}
	h.serial++
	name := rapid.SampledFrom([]string{"B", "C"}).Draw(h.t, "device")
	for _, d := range c.Devices {
		if d.Name == name {
			return errNothing
		}
	}
	c.Devices = append(c.Devices, vault.Device{ID: fmt.Sprint("device ", h.serial), Name: name, Recipient: "age1" + name, AddedAt: now, UpdatedAt: now})
	return nil
}
