package policy

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite testdata/policy.golden")

// Every role × resource × action, so that a change of policy.csv shows as a readable diff of one file.
func TestPolicyIsGolden(t *testing.T) {
	t.Parallel()
	table, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, role := range Roles {
		fmt.Fprintf(&b, "%s\n", role)
		for _, resource := range Resources {
			fmt.Fprintf(&b, "  %-18s", resource)
			for _, action := range Actions {
				fmt.Fprintf(&b, " %s=%s", action, table.Scope(role, resource, action))
			}
			b.WriteString("\n")
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
		t.Errorf("the policy changed; look at the difference, then run go test ./policy -update\n%s", firstDifference(string(want), b.String()))
	}
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(w), len(g)) {
		if w[i] != g[i] {
			return "line " + fmt.Sprint(i+1) + "\nwas " + w[i] + "\nis  " + g[i]
		}
	}
	return "one is longer"
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

func BenchmarkScope(b *testing.B) {
	table, err := Load()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		table.Scope(CSOfficer, KeyLoan, Create)
	}
}
