package server_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/steward-pm/steward/internal/server"
)

// anyDoor takes the token for the account's name.
type anyDoor struct{}

func (anyDoor) Authenticate(ctx context.Context, token string) (context.Context, error) {
	return context.WithValue(ctx, viewerKey{}, token), nil
}

func viewerName(ctx context.Context) string {
	name, _ := ctx.Value(viewerKey{}).(string)
	return name
}

// slowLedger is an export that says when it was entered and ends when it is let go.
type slowLedger struct{ held }

func (l slowLedger) Export(ctx context.Context, _, _ string, _ url.Values, _ io.Writer) error {
	_, err := l.resolve(ctx, nil)
	return err
}

func TestOneAccountTakesNotAllTransfers(t *testing.T) {
	t.Parallel()
	h := newHeld()
	s := open(t, func(c *server.Config, p *server.Parts) {
		c.Transfers, c.AccountTransfers = 16, 4
		p.Authenticator, p.Account, p.Registers, p.Files = anyDoor{}, viewerName, slowLedger{h}, newShelf()
		p.Slow = []string{"rename"}
	})
	ended := make(chan answer, 4)
	for range 4 {
		go func() { ended <- s.send("GET", "/registers/keys.csv", "", "Authorization", "Bearer ann") }()
	}
	for range 4 {
		<-h.entered
	}
	const file = "/files?estate=HJ&name=a.pdf"
	upload := func(who string) answer {
		return s.send("POST", file, "x", "Content-Type", "application/pdf", "Authorization", "Bearer "+who)
	}
	fifth := upload("ann")
	s.want(fifth, 503, "RATE_LIMITED")
	if fifth.header.Get("Retry-After") == "" || !strings.Contains(fifth.Errors[0].Message, "4") {
		t.Error(fifth.header, fifth.body)
	}
	const slow = `mutation{rename(input:{code:"a"})}`
	s.want(s.ask(slow, nil, "Authorization", "Bearer ann"), 503, "RATE_LIMITED")
	s.want(s.ask("{hello}", nil, "Authorization", "Bearer ann"), 200, "")
	s.want(upload("bob"), 201, "")
	s.want(s.ask(slow, nil, "Authorization", "Bearer bob"), 200, "")
	close(h.release)
	for range 4 {
		s.want(<-ended, 200, "")
	}
	s.want(upload("ann"), 201, "")
}

// A client that sends one byte and then holds the line is sent away; the place is free again.
func TestAStalledUploadEnds(t *testing.T) {
	t.Parallel()
	shelf := newShelf()
	s := open(t, withShelf(shelf), func(c *server.Config, _ *server.Parts) {
		c.Transfers, c.UploadIdle = 1, 50*time.Millisecond
	})
	address := strings.TrimPrefix(s.url, "http://")
	line, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer line.Close()
	if _, err := fmt.Fprintf(line, "POST /files?estate=HJ&name=a.pdf HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer good\r\n"+
		"Content-Type: application/pdf\r\nContent-Length: 1000\r\n\r\nx", address); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(line), nil) // until the server gives up
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	a := answer{status: resp.StatusCode}
	if err := json.NewDecoder(resp.Body).Decode(&a); err != nil {
		t.Fatal(err)
	}
	s.want(a, 408, "RATE_LIMITED")
	if len(shelf.files) != 0 {
		t.Error("half a file was kept")
	}
	s.want(s.send("POST", "/files?estate=HJ&name=a.pdf", "x", "Content-Type", "application/pdf", "Authorization", "Bearer good"), 201, "")
}
