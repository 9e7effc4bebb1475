package policy

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "rewrite testdata/policy.golden")

// What every role may do to every resource, and how far: a line for each pair, which says whose it is, so that a
// change of policy.csv shows in a diff of the golden file as the permissions given and taken.
func TestPolicyIsGolden(t *testing.T) {
	t.Parallel()
	table, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, role := range Roles {
		for _, resource := range Resources {
			var may []string
			for _, action := range Actions {
				if scope := table.Scope(role, resource, action); scope != None {
					may = append(may, fmt.Sprintf("%s=%s", action, scope))
				}
			}
			fmt.Fprintf(&b, "%-15s %-17s %s\n", role, resource, cmp.Or(strings.Join(may, " "), "nothing"))
		}
	}
	const file = "testdata/policy.golden"
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("the policy changed; look at the difference, then run go test ./policy -update\n%s", difference(string(want), b.String()))
	}
}

// difference is the lines that are only in one of the two.
func difference(want, got string) string {
	var out strings.Builder
	for _, side := range []struct{ sign, text, other string }{{"-", want, got}, {"+", got, want}} {
		for line := range strings.Lines(side.text) {
			if !strings.Contains("\n"+side.other, "\n"+line) {
				out.WriteString(side.sign + line)
			}
		}
	}
	return out.String()
}

// The rulebook's absolutes, whatever the lines say.
func TestAuditorChangesNothingResidentSeesOnlyTheOwn(t *testing.T) {
	t.Parallel()
	table, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, resource := range Resources {
		for _, action := range Actions {
			auditor, resident := table.Scope(Auditor, resource, action), table.Scope(Resident, resource, action)
			if reads := action == Read || action == Export; (auditor != None) != reads {
				t.Errorf("auditor may %s %s: %s", action, resource, auditor)
			}
			if resident > Self || resident != None && action != Read && action != Reveal {
				t.Errorf("resident may %s %s: %s", action, resource, resident)
			}
		}
	}
}

func TestALineThatGrantsNothingIsAnError(t *testing.T) {
	t.Parallel()
	for name, line := range map[string]string{
		"role":     "cs-oficer, Unit, read, estate",
		"resource": "cs-officer, Units, read, estate",
		"action":   "cs-officer, Unit, look, estate",
		"scope":    "cs-officer, Unit, read, everywhere",
		"columns":  "cs-officer, Unit, read",
	} {
		if _, err := LoadText(line); err == nil {
			t.Errorf("%s: %q is accepted", name, line)
		}
	}
}

// Asked with every line at once, casbin says what the table says, which was made with few lines at a time.
func TestTheTableIsWhatCasbinSaysOfTheWholePolicy(t *testing.T) {
	t.Parallel()
	table, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	rules, err := parse(policyText)
	if err != nil {
		t.Fatal(err)
	}
	m, err := model.NewModelFromString(modelText)
	if err != nil {
		t.Fatal(err)
	}
	e, err := casbin.NewEnforcer(m)
	if err != nil {
		t.Fatal(err)
	}
	if added, err := e.AddPolicies(rules); err != nil || !added {
		t.Fatal(added, err)
	}
	rapid.Check(t, func(t *rapid.T) {
		role, resource, action := rapid.SampledFrom(Roles).Draw(t, "role"), rapid.SampledFrom(Resources).Draw(t, "resource"), rapid.SampledFrom(Actions).Draw(t, "action")
		ok, why, err := e.EnforceEx(string(role), string(resource), string(action))
		if err != nil {
			t.Fatal(err)
		}
		want := None
		if ok {
			want = scopeByName(why[3])
		}
		if got := table.Scope(role, resource, action); got != want {
			t.Errorf("%s, not %s", got, want)
		}
	})
}

func BenchmarkScope(b *testing.B) {
	table, err := Load()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		table.Scope(CSOfficer, KeyLoan, Create)
	}
}
