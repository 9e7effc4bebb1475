// Command vulncheck fails when the program reaches a known vulnerability of a module it depends on.
//
//	go -C tools run ./vulncheck -C .. [./...]
//
// It asks the public vulnerability database, or, where that cannot be reached, the copy of it that the
// module proxy serves (golang.org/x/vulndb); without either it fails. Vulnerabilities of the standard
// library are told and do not fail: they go with the Go that builds, which this module cannot choose.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/vuln/scan"
)

func main() {
	dir := flag.String("C", ".", "folder of the module to check")
	flag.Parse()
	if err := run(context.Background(), *dir, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "vulncheck:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, dir string, patterns []string) error {
	if len(patterns) == 0 {
		patterns = []string{"./..."}
	}
	source, name, err := database(ctx)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	args := append(slices.Concat([]string{"-C", dir, "-format", "json"}, source), patterns...)
	if err := govulncheck(ctx, &out, args...); err != nil {
		return err
	}
	result, err := read(&out)
	if err != nil {
		return err
	}
	fmt.Println("checked against", name)
	if len(result.library) > 0 {
		fmt.Printf("note: %s has %d vulnerabilities that the program reaches; build releases with a Go that has them fixed:\n%s",
			result.goVersion, len(result.library), lines(result.library))
	}
	if len(result.modules) > 0 {
		return fmt.Errorf("the program reaches vulnerabilities of its dependencies; update them:\n%s", lines(result.modules))
	}
	fmt.Println("none is reached in a dependency")
	return nil
}

// database returns the flags that name a database that can be had, and what to call it.
func database(ctx context.Context) (flags []string, name string, err error) {
	online := govulncheck(ctx, io.Discard, "-mode", "query", "-format", "json", "stdlib@go1.26.0")
	if online == nil {
		return nil, "the public database", nil
	}
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", "golang.org/x/vulndb@latest")
	cmd.Dir = os.TempDir() // no module: this one's go.mod is none of its business
	text, err := cmd.Output()
	var module struct{ Dir, Version, Error string }
	if jsonErr := json.Unmarshal(text, &module); err == nil {
		err = jsonErr
	}
	if module.Error != "" {
		err = errors.New(module.Error)
	}
	if err != nil {
		return nil, "", fmt.Errorf("no vulnerability database can be had, so nothing was checked: the public one: %w; its module: %w", online, err)
	}
	folder := filepath.Join(module.Dir, "data", "osv") // a flat folder of entries will do: govulncheck makes the index
	if entries, err := filepath.Glob(filepath.Join(folder, "GO-*.json")); err != nil || len(entries) < 1000 {
		return nil, "", fmt.Errorf("no vulnerability database can be had, so nothing was checked: %s holds %d entries", folder, len(entries))
	}
	return []string{"-db", "file://" + filepath.ToSlash(folder)}, "the module of the public database, " + module.Version, nil
}

func govulncheck(ctx context.Context, out io.Writer, args ...string) error {
	var said bytes.Buffer
	cmd := scan.Command(ctx, args...)
	cmd.Stdout, cmd.Stderr = out, &said
	if err := cmd.Start(); err != nil {
		return err
	}
	if err := cmd.Wait(); err != nil {
		return errors.New(strings.TrimSpace(said.String() + " " + err.Error()))
	}
	return nil
}

// findings are what a scan reports; by id, what is reached, in one line.
type findings struct {
	goVersion        string
	library, modules map[string]string
}

// message is what of govulncheck's messages is read.
type message struct {
	Config *struct {
		GoVersion string `json:"go_version"`
	}
	OSV *struct {
		ID, Summary string
	}
	Finding *struct {
		OSV          string
		FixedVersion string `json:"fixed_version"`
		Trace        []struct{ Module, Version, Package, Receiver, Function string }
	}
}

func read(r io.Reader) (findings, error) {
	f := findings{library: map[string]string{}, modules: map[string]string{}}
	summaries := map[string]string{}
	for d := json.NewDecoder(r); ; {
		var m message
		if err := d.Decode(&m); errors.Is(err, io.EOF) {
			return f, nil
		} else if err != nil {
			return f, fmt.Errorf("govulncheck's report: %w", err)
		}
		switch {
		case m.Config != nil:
			f.goVersion = m.Config.GoVersion
		case m.OSV != nil:
			summaries[m.OSV.ID] = m.OSV.Summary
		case m.Finding != nil && len(m.Finding.Trace) > 0 && m.Finding.Trace[0].Function != "":
			at := m.Finding.Trace[0] // the vulnerable function; without one it is only required or imported
			text := fmt.Sprintf("  %s %s@%s: %s (reaches %s; fixed in %s)\n", m.Finding.OSV, at.Module, at.Version,
				summaries[m.Finding.OSV], strings.ReplaceAll(at.Package+"."+at.Receiver+"."+at.Function, "..", "."), m.Finding.FixedVersion)
			if at.Module == "stdlib" {
				f.library[m.Finding.OSV] = text
			} else {
				f.modules[m.Finding.OSV] = text
			}
		}
	}
}

func lines(byID map[string]string) string {
	var b strings.Builder
	for _, id := range slices.Sorted(maps.Keys(byID)) {
		b.WriteString(byID[id])
	}
	return b.String()
}
