package stewardtest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
	"github.com/tidwall/gjson"
)

// Stream is a subscription that is open: what arrives on it, one after the other.
type Stream struct {
	Socket *websocket.Conn // nil with server-sent events

	t      testing.TB
	events chan gjson.Result // of next; closed when it is complete
	closed chan error        // why it is over
}

// Subscribe opens a subscription over a WebSocket, with the token in the payload of connection_init.
func (p *Person) Subscribe(document string, vars Vars) *Stream {
	p.t.Helper()
	conn, err := p.Dial(Vars{"Authorization": "Bearer " + p.Token}, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.On(conn, document, vars)
}

// Dial opens a WebSocket, and introduces itself with the payload.
func (p *Person) Dial(payload Vars, header http.Header) (*websocket.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if header == nil {
		header = http.Header{}
	}
	header.Set("Accept-Language", "en")
	conn, resp, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(p.app.URL, "http")+"/graphql", &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}, HTTPHeader: header})
	if resp != nil && resp.Body != nil {
		defer resp.Body.Close()
	}
	if err != nil {
		return nil, err
	}
	p.t.Cleanup(func() { _ = conn.CloseNow() })
	if err := wsjson.Write(ctx, conn, Vars{"type": "connection_init", "payload": payload}); err != nil {
		return nil, err
	}
	var ack struct{ Type string }
	if err := wsjson.Read(ctx, conn, &ack); err != nil {
		return nil, err
	}
	if ack.Type != "connection_ack" {
		return nil, errors.New("not acknowledged: " + ack.Type)
	}
	return conn, nil
}

// On subscribes on a socket.
func (p *Person) On(conn *websocket.Conn, document string, vars Vars) *Stream {
	p.t.Helper()
	s := &Stream{Socket: conn, t: p.t, events: make(chan gjson.Result, 100), closed: make(chan error, 1)}
	if err := wsjson.Write(context.Background(), conn, Vars{"id": "1", "type": "subscribe", "payload": Vars{"query": document, "variables": vars}}); err != nil {
		p.t.Fatal(err)
	}
	go func() {
		complete := once(func() { close(s.events) })
		defer complete()
		for {
			_, body, err := conn.Read(context.Background())
			if err != nil {
				s.closed <- err
				return
			}
			switch m := gjson.ParseBytes(body); m.Get("type").String() {
			case "next":
				s.events <- m.Get("payload")
			case "error":
				s.events <- gjson.Parse(`{"errors":` + m.Get("payload").Raw + `}`)
			case "complete":
				complete()
			case "ping":
				_ = wsjson.Write(context.Background(), conn, Vars{"type": "pong"})
			}
		}
	}()
	return s
}

// Listen opens a subscription as server-sent events. It ends with the test at the latest.
func (p *Person) Listen(document string, vars Vars) (*Stream, int) {
	p.t.Helper()
	body, err := json.Marshal(map[string]any{"query": document, "variables": vars})
	if err != nil {
		p.t.Fatal(err)
	}
	r, err := p.Request(http.MethodPost, "/graphql", bytes.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	p.t.Cleanup(cancel)
	r = r.WithContext(ctx)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "text/event-stream")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	s := &Stream{t: p.t, events: make(chan gjson.Result, 100), closed: make(chan error, 1)}
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		return s, resp.StatusCode
	}
	go func() {
		defer close(s.events)
		defer resp.Body.Close()
		lines := bufio.NewScanner(resp.Body)
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				s.events <- gjson.Parse(data)
			}
			if lines.Text() == "event: complete" {
				s.closed <- nil
				return
			}
		}
		s.closed <- errors.New("the connection broke off")
	}()
	return s, resp.StatusCode
}

// Next waits for the next event.
func (s *Stream) Next() gjson.Result {
	s.t.Helper()
	select {
	case e, ok := <-s.events:
		if !ok {
			s.t.Fatal("the stream is over")
		}
		return e
	case <-time.After(20 * time.Second):
		s.t.Fatal("nothing came")
		return gjson.Result{}
	}
}

// Silent fails the test if something comes within the time.
func (s *Stream) Silent(d time.Duration) {
	s.t.Helper()
	select {
	case e, ok := <-s.events:
		s.t.Errorf("came (%v): %s", ok, e.Raw)
	case <-time.After(d):
	}
}

// Ends waits until it is over, and returns the code of the last refusal, and that with which a socket was closed.
func (s *Stream) Ends() (code string, status websocket.StatusCode) {
	s.t.Helper()
	late := time.After(20 * time.Second)
	for {
		select {
		case e, ok := <-s.events:
			if !ok {
				s.events = nil
				if s.Socket != nil && code != "UNAUTHENTICATED" {
					return code, 0 // the socket stays for other subscriptions
				}
				continue
			}
			if c := e.Get("errors.0.extensions.code").String(); c != "" {
				code = c
			}
		case err := <-s.closed:
			for more := s.events != nil; more; { // what came before
				select {
				case e, ok := <-s.events:
					if more = ok; e.Get("errors.0.extensions.code").Exists() {
						code = e.Get("errors.0.extensions.code").String()
					}
				default:
					more = false
				}
			}
			return code, websocket.CloseStatus(err)
		case <-late:
			s.t.Fatal("the stream did not end")
		}
	}
}

// once makes a function that does it once, of a single goroutine.
func once(f func()) func() {
	done := false
	return func() {
		if !done {
			done = true
			f()
		}
	}
}
