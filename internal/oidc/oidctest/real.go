package oidctest

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// User and Password are somebody whom the real provider knows.
const (
	User     = "test-user@localhost"
	Password = "verysecure"
)

// Real starts a provider that others wrote, the example server of zitadel/oidc, and tells its issuer. It sends browsers back to redirect.
func Real(t testing.TB, redirect string) (issuer string) {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatalf("the provider of tests could not be built: %v", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for ctx.Err() == nil {
		if issuer, ok := start(ctx, t, path, redirect); ok {
			return issuer
		}
	}
	t.Fatal("the provider of tests does not start")
	return ""
}

// start runs it on a port that is free, unless another process is quicker.
func start(ctx context.Context, t testing.TB, path, redirect string) (issuer string, ok bool) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := fmt.Sprint(free.Addr().(*net.TCPAddr).Port)
	_ = free.Close()
	run, kill := context.WithCancel(context.Background())
	cmd := exec.CommandContext(run, path)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "PORT="+port, "REDIRECT_URI="+redirect)
	endWithUs(cmd)
	if err := cmd.Start(); err != nil {
		kill()
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	end := func() { kill(); <-ended }
	issuer = "http://localhost:" + port + "/"
	for {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, issuer+".well-known/openid-configuration", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		if resp, err := http.DefaultClient.Do(r); err == nil {
			_ = resp.Body.Close()
			t.Cleanup(end)
			return issuer, resp.StatusCode == http.StatusOK
		}
		select {
		case <-ended:
			kill()
			return "", false
		case <-ctx.Done():
			end()
			return "", false
		case <-time.After(10 * time.Millisecond): // another process starts: there is nothing to be told by
		}
	}
}

// program builds the provider, which the go command keeps in its cache, and tells where it is.
var program = sync.OnceValues(func() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	mod, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOMOD: %w", err)
	}
	cmd := exec.CommandContext(ctx, "go", "-C", filepath.Join(filepath.Dir(strings.TrimSpace(string(mod))), "tools"),
		"tool", "-n", "github.com/zitadel/oidc/v3/example/server")
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go tool -n: %w %s", err, &said)
	}
	return strings.TrimSpace(string(out)), nil
})
