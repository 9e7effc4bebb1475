package store_test

import (
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/files/store"
	"github.com/steward-pm/steward/internal/files/store/storetest"
)

func TestAServerStartsOnAStoreThatTakesGivesAndRemoves(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s store.Store) {
		if err := store.Check(t.Context(), s, t.TempDir()); err != nil {
			t.Error(err)
		}
	})
	for name, address := range map[string]string{"no bucket": "s3://elsewhere?", "no server": "s3://papers?region=x&endpoint=http://127.0.0.1:1"} {
		if name == "no bucket" {
			_, query, _ := strings.Cut(storetest.New(t).Address(), "?")
			address += query
		}
		s, err := store.OpenS3(address, storetest.Getenv)
		if err != nil {
			t.Fatal(err)
		}
		if err := store.Check(t.Context(), s, t.TempDir()); err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
		if err := s.Ping(t.Context()); err == nil {
			t.Errorf("%s: it is reached", name)
		}
	}
}

// A7: a bucket that keeps old versions is no way around destruction.
func TestOldVersionsAreRemovedToo(t *testing.T) {
	t.Parallel()
	server := storetest.New(t)
	s, estate, content := server.Store(), uuid.New(), "张三的投诉,要销毁"
	k := put(t, s, estate, content) // from before versions were kept
	server.Versioned()
	put(t, s, estate, content)
	if err := s.Remove(t.Context(), k); err != nil {
		t.Fatal(err)
	}
	for range 3 { // kept again, and removed again, by a versioned bucket
		put(t, s, estate, content)
		if len(server.Holds(content)) == 0 {
			t.Fatal("nothing is kept")
		}
		if err := s.Remove(t.Context(), k); err != nil {
			t.Fatal(err)
		}
	}
	if left := server.Holds(content); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	if err := store.Check(t.Context(), s, t.TempDir()); err != nil {
		t.Error(err)
	}
}

func TestABucketThatLocksWhatItHoldsIsRefused(t *testing.T) {
	t.Parallel()
	if err := store.Check(t.Context(), storetest.New(t, true).Store(), t.TempDir()); err == nil || !strings.Contains(err.Error(), "remove") {
		t.Errorf("got %v", err)
	}
}

func TestAStoreThatIsAwayIsAnErrorAndNoAnswer(t *testing.T) {
	t.Parallel()
	server := storetest.New(t)
	s := server.Store()
	k := put(t, s, uuid.New(), "hello")
	server.Stop()
	_, opened := s.Open(t.Context(), k)
	for name, err := range map[string]error{"put": s.Put(t.Context(), k, file(t, "hello"), 5), "open": opened, "remove": s.Remove(t.Context(), k), "ping": s.Ping(t.Context())} {
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// roundTrip is a http.RoundTripper.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// behind is the address of the server behind a proxy that asks it through the function.
func behind(t *testing.T, address string, through roundTrip) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	target, err := url.Parse(u.Query().Get("endpoint"))
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{
		ErrorLog:  slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
		Transport: through,
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target); r.Out.Host = r.In.Host },
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: proxy}
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close() })
	q := u.Query()
	q.Set("endpoint", "http://"+l.Addr().String())
	u.RawQuery = q.Encode()
	return u.String()
}

// cutting forwards to the server, and breaks each of the first answers off in their middle.
func cutting(t *testing.T, address string, times int32) string {
	t.Helper()
	var cuts atomic.Int32
	return behind(t, address, func(r *http.Request) (*http.Response, error) {
		answer, err := http.DefaultTransport.RoundTrip(r)
		if err == nil && r.Method == http.MethodGet && cuts.Add(1) <= times {
			answer.Body = struct {
				io.Reader
				io.Closer
			}{io.MultiReader(io.LimitReader(answer.Body, 1000), broken{}), answer.Body}
		}
		return answer, err
	})
}

// conflict answers as a server does that carries out another request upon the same.
func conflict(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return nil, err
		}
	}
	body := "<Error><Code>OperationAborted</Code><Message>A conflicting operation is in progress</Message></Error>"
	return &http.Response{StatusCode: http.StatusConflict, Request: r, ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/xml"}}, Body: io.NopCloser(strings.NewReader(body))}, nil
}

func TestWhatConflictsForAMomentIsTriedAgain(t *testing.T) {
	t.Parallel()
	server := storetest.New(t)
	for _, method := range []string{http.MethodPut, http.MethodDelete} {
		t.Run(method, func(t *testing.T) {
			var conflicts atomic.Int32
			s, err := store.OpenS3(behind(t, server.Address(), func(r *http.Request) (*http.Response, error) {
				if r.Method == method && conflicts.Add(1) <= 2 {
					return conflict(r)
				}
				return http.DefaultTransport.RoundTrip(r)
			}), storetest.Getenv)
			if err != nil {
				t.Fatal(err)
			}
			k := put(t, s, uuid.New(), "hello")
			if got := read(t, s, k); got != "hello" {
				t.Errorf("read: %q", got)
			}
			if err := s.Remove(t.Context(), k); err != nil {
				t.Error(err)
			}
			if conflicts.Load() != 3 {
				t.Errorf("asked %d times", conflicts.Load())
			}
		})
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("broken off") }

func TestADownloadGoesOnWhereItBroke(t *testing.T) {
	t.Parallel()
	server, content := storetest.New(t), strings.Repeat("0123456789", 1000)
	k := put(t, server.Store(), uuid.New(), content)
	s, err := store.OpenS3(cutting(t, server.Address(), 3), storetest.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, s, k); got != content {
		t.Errorf("%d bytes are read", len(got))
	}
}

func TestTheAddressOfABucket(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "files", "s3://", "https://bucket", "s3://b?endpoint=minio:9000", "s3://b?region=x&style=other", "s3://b?region=x&secret=y", "s3://k:s@b?region=x", "s3://b"} {
		if _, err := store.OpenS3(address, storetest.Getenv); fault.From(err) == nil {
			t.Errorf("%q: %v", address, err)
		}
	}
	if _, err := store.OpenS3("s3://b?region=x", func(string) string { return "" }); fault.From(err) == nil {
		t.Errorf("without credentials: %v", err)
	}
	region := func(name string) string {
		if name == "AWS_REGION" {
			return "cn-north-1"
		}
		return storetest.Getenv(name)
	}
	for address, getenv := range map[string]func(string) string{"s3://b": region, "s3://b/a/b/?endpoint=https://oss-cn-beijing.aliyuncs.com&region=oss-cn-beijing&style=host": storetest.Getenv} {
		if _, err := store.OpenS3(address, getenv); err != nil {
			t.Errorf("%q: %v", address, err)
		}
	}
}
