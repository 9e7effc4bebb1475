package act_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/steward-pm/steward/ent"
	"github.com/steward-pm/steward/internal/access"
	"github.com/steward-pm/steward/internal/act"
	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// raise has PostgreSQL refuse with the SQLSTATE, so that the transaction is broken as in life.
func raise(tx *act.Tx, state string) error {
	_, err := tx.Raw.Exec(tx, fmt.Sprintf(`DO $$ BEGIN RAISE EXCEPTION 'lost a race' USING ERRCODE = '%s'; END $$`, state))
	return err
}

func TestLostRacesAreRunAgain(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	for i, c := range []struct {
		state         string
		failing, runs int
		code          fault.Code // of the answer; empty: done
	}{
		{"40001", 0, 1, ""},
		{"40001", 2, 3, ""},
		{"40P01", 3, 4, ""},
		{"40001", 99, 4, fault.Conflict},
		{"40P01", 99, 4, fault.Conflict},
		{"23505", 99, 1, fault.Conflict},
		{"42501", 99, 1, fault.NotFound},
	} {
		runs, code := 0, fmt.Sprintf("R%d", i)
		_, err := probe.Do(manager(app), probeInput{Rule: func(tx *act.Tx) (*probePayload, error) {
			runs++
			out, err := addArea(app.A.ID, code)(tx)
			if err == nil && runs <= c.failing {
				err = raise(tx, c.state)
			}
			return out, err
		}})
		if runs != c.runs || c.code == "" && err != nil || c.code != "" && !fault.Is(err, c.code) {
			t.Errorf("%s, failing %d times: ran %d times, then %v", c.state, c.failing, runs, err)
		}
		if there := slices.Contains(areas(t, app), code); there != (c.code == "") {
			t.Errorf("%s, failing %d times: the area is there: %v", c.state, c.failing, there)
		}
	}
	if got := trail(t, app, "write"); len(got) != 3 {
		t.Errorf("three acts were done, on the trail are %q: a lost run must leave no entry", got)
	}
	t.Run("a failure that the rule swallows", func(t *testing.T) {
		_, err := probe.Do(manager(app), probeInput{Rule: func(tx *act.Tx) (*probePayload, error) {
			out, err := addArea(app.A.ID, "SWALLOWED")(tx)
			_ = raise(tx, "22012")
			return out, err
		}})
		if err == nil || slices.Contains(areas(t, app), "SWALLOWED") {
			t.Errorf("a broken transaction ended as %v", err)
		}
	})
}

func init() {
	act.Explain("test_explained", fault.Clash("解释", "Explained.").By("K9.9"))
}

func TestTranslate(t *testing.T) {
	t.Parallel()
	pg := func(state, constraint string) error {
		return fmt.Errorf("save: %w", &pgconn.PgError{Code: state, ConstraintName: constraint})
	}
	own := fault.Rule("K2.2", "不行", "No.")
	for name, c := range map[string]struct {
		err    error
		code   fault.Code // empty: stays as it is, internal
		clause string
		field  string
	}{
		"unique":         {pg("23505", "x"), fault.Conflict, "", ""},
		"exclusion":      {pg("23P01", "x"), fault.Conflict, "", ""},
		"check":          {pg("23514", "x"), fault.Conflict, "", ""},
		"foreign key":    {pg("23503", "x"), fault.NotFound, "", ""},
		"row security":   {pg("42501", ""), fault.NotFound, "", ""},
		"serialization":  {pg("40001", ""), fault.Conflict, "", ""},
		"deadlock":       {pg("40P01", ""), fault.Conflict, "", ""},
		"explained":      {pg("23514", "test_explained"), fault.Conflict, "K9.9", ""},
		"not null":       {pg("23502", ""), "", "", ""},
		"syntax":         {pg("42601", ""), "", "", ""},
		"not found":      {fmt.Errorf("get: %w", &ent.NotFoundError{}), fault.NotFound, "", ""},
		"validation":     {fmt.Errorf("save: %w", &ent.ValidationError{Name: "count"}), fault.InvalidInput, "", "count"},
		"the rule's own": {errors.Join(own, pg("23505", "x")), fault.RuleBroken, "K2.2", ""},
		"anything else":  {errors.New("disk on fire"), "", "", ""},
	} {
		got := act.Translate(c.err)
		f := fault.From(got)
		switch {
		case c.code == "":
			if f != nil || !errors.Is(got, c.err) {
				t.Errorf("%s became %v", name, got)
			}
		case f == nil || f.Code != c.code || f.Clause != c.clause || f.Field != c.field || f.ZH == "" || f.EN == "":
			t.Errorf("%s became %#v", name, f)
		case !errors.Is(got, c.err) && !errors.Is(c.err, got):
			t.Errorf("%s lost its cause, which the log needs", name)
		}
	}
	if act.Translate(nil) != nil {
		t.Error("nothing became an error")
	}
}

// The mutant of the auditors' bar: the same person without the audit may.
func TestAuditorsChangeNothing(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	runs := 0
	in := probeInput{Rule: func(*act.Tx) (*probePayload, error) { runs++; return &probePayload{}, nil }}
	manages := access.Grant{Role: policy.ProjectManager, Estate: app.A.ID}
	everything := access.Grant{Role: policy.GeneralManager}
	for name, c := range map[string]struct {
		audits []uuid.UUID
		grant  access.Grant
		may    bool
	}{
		"no audit":                             {nil, manages, true},
		"audits the estate":                    {[]uuid.UUID{app.A.ID}, manages, false},
		"audits the portfolio":                 {[]uuid.UUID{uuid.Nil}, manages, false},
		"audits another estate":                {[]uuid.UUID{app.B.ID}, manages, true},
		"manages all, audits all":              {[]uuid.UUID{uuid.Nil}, everything, false},
		"manages all, and audits one of it":    {[]uuid.UUID{app.A.ID}, everything, true}, // in the others: TestWhoManagesAllAndAuditsOneWritesInTheOthers
		"manages all, without an audit at all": {nil, everything, true},
	} {
		runs = 0
		_, err := probe.Do(as(app, uuid.New(), c.audits, c.grant), in)
		if may := err == nil; may != c.may || runs != map[bool]int{true: 1, false: 0}[c.may] || !c.may && !fault.Is(err, fault.Forbidden) {
			t.Errorf("%s: %v, the rule ran %d times", name, err, runs)
		}
	}
}

func TestWhoMayNotIsRefusedBeforeAnySQL(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	never := probeInput{Rule: func(*act.Tx) (*probePayload, error) { t.Error("the rule ran"); return &probePayload{}, nil }}
	if _, err := probe.Do(access.With(app.Context(), nil), never); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("nobody: %v", err)
	}
	if _, err := probe.Do(as(app, uuid.New(), nil, access.Grant{Role: policy.Archivist, Estate: app.A.ID}), never); !fault.Is(err, fault.Forbidden) {
		t.Errorf("an archivist: %v", err)
	}
	if got := trail(t, app, "read"); !slices.Equal(got, []string{"refused FORBIDDEN"}) {
		t.Errorf("on the trail: %q", got)
	}
}

// What is given in an act's payload reads on outside of its transaction, which is over.
func TestPayloadOutlivesTheTransaction(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	ctx := manager(app)
	out, err := probe.Do(ctx, probeInput{Rule: addArea(app.A.ID, "P1")})
	if err != nil {
		t.Fatal(err)
	}
	if e, err := out.Area.QueryEstate().Only(ctx); err != nil || e.ID != app.A.ID {
		t.Errorf("estate of the new area: %v, %v", e, err)
	}
	if _, err := probe.Do(ctx, probeInput{Rule: addArea(app.B.ID, "P2")}); !fault.Is(err, fault.NotFound) {
		t.Errorf("an area in a foreign estate: %v", err)
	}
}

const updateArea = `mutation($in: UpdateAreaInput!) { updateArea(input: $in) { area { id name version } } }`

func TestStaleVersionIsAConflictThatShowsTheNewerState(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	p := app.As(policy.ProjectManager)
	change := func(version int, name string) stewardtest.Vars {
		return stewardtest.Vars{"in": stewardtest.Vars{"id": app.A.Area, "expectedVersion": version, "name": name}}
	}
	if v := p.Do(updateArea, change(1, "先到")).Get("updateArea.area.version").Int(); v != 2 {
		t.Errorf("after a change the version is %d", v)
	}
	r := p.Refused(updateArea, change(1, "后到"), fault.Conflict)
	if r.Field != "expectedVersion" || r.Extensions.Get("version").Int() != 2 || r.Extensions.Get("current.name").String() != "先到" {
		t.Errorf("the refusal does not show the newer state: %s", r.Extensions.Raw)
	}
	if name := texts(t, app, `SELECT name FROM areas WHERE id = $1`, app.A.Area)[0]; name != "先到" {
		t.Errorf("the first change is lost: %s", name)
	}
	p.Refused(updateArea, change(9, "太新"), fault.Conflict)
	p.Do(updateArea, change(2, "再来"))
}

func TestUpdateOfManyRowsIsRefused(t *testing.T) {
	t.Parallel()
	app := stewardtest.New(t)
	_, err := probe.Do(manager(app), probeInput{Rule: func(tx *act.Tx) (*probePayload, error) {
		return &probePayload{}, tx.Area.Update().SetName("全部").Exec(tx)
	}})
	if err == nil || fault.From(err) != nil {
		t.Errorf("the trail cannot tell many rows at once, but: %v", err)
	}
	if names := strings.Join(texts(t, app, `SELECT name FROM areas`), " "); strings.Contains(names, "全部") {
		t.Errorf("rows were changed: %s", names)
	}
}
