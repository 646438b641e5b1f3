package otpexport

import (
	"context"
	"io"
	"strings"

	"npmotp/internal/secret"
	"npmotp/internal/ui"
)

// Deliver brings an export to its target: to files, which it names then, or to
// standard output, as JSON or as what the format is. QR codes are drawn for the
// window.
func Deliver(ctx context.Context, u *ui.UI, w Window, t Target, documents []Document, json bool) (err error) {
	switch {
	case t.File != "":
		err = t.deliver(ctx, u, documents, json)
	case json && t.Format != Aegis: // which is JSON already
		err = u.JSON(views(documents))
	case t.Format == Google:
		var pages []string
		if pages, err = w.draw(documents); err == nil {
			err = u.ShowPages(ctx, pages)
		}
	default:
		_, err = io.WriteString(u.Out, plain(documents).Reveal())
	}
	if err != nil {
		return err
	}
	for _, d := range documents {
		for _, name := range d.Counted {
			u.Warnf("%q is counter-based: used here and there, each makes the other's next codes invalid", name)
		}
	}
	return nil
}

// deliver saves an export, and says where the keys lie now.
func (t Target) deliver(ctx context.Context, u *ui.UI, documents []Document, json bool) error {
	saved, err := t.Save(ctx, documents)
	if err != nil {
		return err
	}
	u.Sayf("%s written to %s", ui.Plural(len(saved.Accounts), "key"), saved)
	if t.Plaintext {
		u.Warnf("whoever reads this has your second factor: delete it when it was scanned or imported")
	}
	if json {
		return u.JSON(saved)
	}
	return nil
}

// plain returns the documents as one text. Recovery codes stand below the line of
// their account, behind a "#": most programs read that as a remark.
func plain(documents []Document) secret.Text {
	var b strings.Builder
	for _, d := range documents {
		b.WriteString(d.Text.Reveal() + "\n")
		for _, code := range d.Codes {
			b.WriteString("# recovery code: " + code.Reveal() + "\n")
		}
	}
	return secret.New(b.String())
}

// A view is the JSON of a document whose text is a URI.
type view struct {
	Accounts []string `json:"accounts"`
	URI      string   `json:"uri"`
	Codes    []string `json:"recovery_codes,omitempty"`
}

// views returns the JSON of documents.
func views(documents []Document) []view {
	all := make([]view, len(documents))
	for i, d := range documents {
		all[i] = view{Accounts: d.Accounts, URI: d.Text.Reveal()}
		for _, code := range d.Codes {
			all[i].Codes = append(all[i].Codes, code.Reveal())
		}
	}
	return all
}
