package audit_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/steward-pm/steward/internal/audit"
	"github.com/steward-pm/steward/internal/contact"
	"github.com/steward-pm/steward/internal/ids"
)

func openKeys(t testing.TB, dir string) *audit.KeyDir {
	t.Helper()
	keys, err := audit.OpenKeyDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func sealed(t testing.TB, keys audit.KeyStore, subject uuid.UUID, name string, before, after any) audit.Field {
	t.Helper()
	f, err := audit.Confidential(t.Context(), keys, subject, name, before, after)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestConfidentialValuesAreNowhereOnTheTrail(t *testing.T) {
	t.Parallel()
	db, ctx, keys := newDatabase(t), t.Context(), openKeys(t, t.TempDir())
	const old, phone, title = "13900001111", "13812345678", "离婚协议书"
	household := ids.New(8)
	c := audit.Change{Type: "Resident", ID: ids.New(9), Op: audit.Update, Fields: []audit.Field{
		sealed(t, keys, household, "phone", contact.New(old), contact.New(phone)), sealed(t, keys, household, "title", nil, title)}}
	err := pgx.BeginFunc(ctx, db.app, func(tx pgx.Tx) error {
		rec := audit.NewRecorder(tx)
		if err := rec.Add(ctx, estateA, c); err != nil {
			return err
		}
		_, err := rec.Append(ctx, entry(estateA, 1))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var dump strings.Builder
	as(t, db.owner, "*", "", func(tx pgx.Tx) {
		for _, table := range []string{"chains", "entries", "changes"} {
			if _, err := tx.Conn().PgConn().CopyTo(ctx, &dump, "COPY (SELECT * FROM audit."+table+") TO STDOUT"); err != nil {
				t.Fatal(err)
			}
		}
	})
	if !strings.Contains(dump.String(), `"name":"phone","confidential":true,"before":`) {
		t.Error("the field's name should be on the trail")
	}
	for _, secret := range []string{old, phone, title, "****"} { // nor masked: four digits of one household are a name
		if strings.Contains(dump.String(), secret) {
			t.Errorf("%s is on the trail", secret)
		}
	}
}

func TestConfidentialDigests(t *testing.T) {
	t.Parallel()
	keys, a, b := openKeys(t, t.TempDir()), ids.New(8), ids.New(8)
	f := sealed(t, keys, a, "phone", contact.New("13812345678"), contact.New("13900005678"))
	if cmp.Equal(f.Before, f.After) {
		t.Error("two numbers that look the same when masked have the same digest")
	}
	if again := sealed(t, keys, a, "phone", "13812345678", nil); !cmp.Equal(f.Before, again.Before) || again.After != nil {
		t.Error("the digest is not that of the stored value, or none has one")
	}
	for _, other := range []audit.Field{sealed(t, keys, b, "phone", "13812345678", nil), sealed(t, keys, a, "fax", "13812345678", nil)} {
		if cmp.Equal(f.Before, other.Before) {
			t.Error("equal values of two households, or of two fields, look equal")
		}
	}
	var none *string
	if f := sealed(t, keys, a, "phone", none, (*contact.Phone)(nil)); f.Before != nil || f.After != nil {
		t.Error("a null has a digest")
	}
	if err := keys.Erase(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	if f := sealed(t, keys, a, "phone", "1", "2"); f.Before != nil || f.After != nil || f.Name != "phone" {
		t.Error("after the destruction only the name is kept")
	}
}

func TestKeyDir(t *testing.T) {
	t.Parallel()
	ctx, dir, subject := t.Context(), filepath.Join(t.TempDir(), "keys"), ids.New(8)
	var made [20][]byte // by as many servers at once: one key
	var all errgroup.Group
	for i := range made {
		keys := openKeys(t, dir)
		all.Go(func() (err error) { made[i], err = keys.Key(ctx, subject); return err })
	}
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
	for _, key := range made {
		if len(key) != 32 || !cmp.Equal(key, made[0]) {
			t.Fatal("servers have different keys")
		}
	}
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		info, err := d.Info()
		if err == nil && info.Mode().Perm() != 0o600 {
			err = fmt.Errorf("%s has mode %v", path, info.Mode())
		}
		return err
	})
	if err != nil || files != 1 {
		t.Fatal(files, err)
	}
	keys, elsewhere := openKeys(t, dir), openKeys(t, dir) // the other has it in its memory
	if _, err := elsewhere.Key(ctx, subject); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := keys.Erase(ctx, subject); err != nil {
			t.Fatal(err)
		}
	}
	for _, keys := range []*audit.KeyDir{keys, elsewhere, openKeys(t, dir)} {
		if _, err := keys.Key(ctx, subject); !errors.Is(err, audit.ErrErased) {
			t.Error(err)
		}
	}
}

// More subjects than the cache holds: every key is still its subject's.
func TestKeyDirForgetsButDoesNotMix(t *testing.T) {
	t.Parallel()
	keys := openKeys(t, t.TempDir())
	audit.SetCachedKeys(keys, 3)
	subjects, made := make([]uuid.UUID, 10), map[string]bool{}
	first := make([][]byte, len(subjects))
	for round := range 3 {
		for i := range subjects {
			if round == 0 {
				subjects[i] = ids.New(8)
			}
			key, err := keys.Key(context.Background(), subjects[i])
			if err != nil {
				t.Fatal(err)
			}
			if round == 0 {
				first[i], made[string(key)] = key, true
			}
			if !cmp.Equal(first[i], key) {
				t.Fatal("a key changed")
			}
		}
	}
	if len(made) != len(subjects) {
		t.Error("two subjects share a key")
	}
}

func TestSignerAndHeadsInFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "signing", "audit.pem")
	key, err := audit.LoadSigner(path)
	if err != nil {
		t.Fatal(err)
	}
	again, err := audit.LoadSigner(path)
	if err != nil || !key.Equal(again) {
		t.Fatal("another key after a restart", err)
	}
	public, err := audit.LoadPublic(path + ".pub")
	if err != nil || !public.Equal(key.Public()) {
		t.Fatal("the public key is another's", err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := audit.LoadSigner(path); err == nil {
		t.Error("a key that others may read was taken")
	}

	sink := audit.FileSink(filepath.Join(dir, "heads"))
	if err := os.WriteFile(string(sink), []byte(`{"torn":`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"one\n", "two\n"} {
		if err := sink.Append(t.Context(), []byte(line)); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(string(sink))
	if want := "{\"torn\": torn\none\ntwo\n"; err != nil || string(got) != want {
		t.Errorf("%q %v", got, err)
	}
}
