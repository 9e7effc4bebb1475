package files_test

import (
	"context"
	"crypto/rand"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/steward-pm/steward/internal/stewardtest"
	"github.com/steward-pm/steward/policy"
)

// BenchmarkTransfer compares an upload and a download of 100 MiB over HTTP with a copy of the same file in the same run, made as durable as the
// upload is. copy/up and copy/down are how much of the copy's speed is left; MiB is the most memory that the process held at a time.
func BenchmarkTransfer(b *testing.B) {
	app := stewardtest.New(b)
	officer := app.As(policy.CSOfficer)
	const size = 100 << 20
	dir := b.TempDir()
	source := filepath.Join(dir, "source")
	write(b, source, io.LimitReader(rand.Reader, size))
	var copied, up, down time.Duration
	var most uint64
	for b.Loop() {
		stop := watch(&most)
		copied += timed(func() { write(b, filepath.Join(dir, "copy"), original(b, source)) })
		var id string
		up += timed(func() { id = post(b, officer, original(b, source)) })
		down += timed(func() { fetch(b, officer, id, size) })
		stop()
		app.SQL(`DELETE FROM files`)
	}
	b.ReportMetric(copied.Seconds()/up.Seconds(), "copy/up")
	b.ReportMetric(copied.Seconds()/down.Seconds(), "copy/down")
	b.ReportMetric(float64(b.N)*100/copied.Seconds(), "MiB/s-copy")
	b.ReportMetric(float64(b.N)*100/up.Seconds(), "MiB/s-up")
	b.ReportMetric(float64(b.N)*100/down.Seconds(), "MiB/s-down")
	b.ReportMetric(float64(most>>20), "MiB")
}

func timed(f func()) time.Duration {
	begin := time.Now()
	f()
	return time.Since(begin)
}

func original(b *testing.B, path string) *os.File {
	f, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	return f
}

// write writes a file and waits until it would outlast a power cut.
func write(b *testing.B, path string, from io.Reader) {
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := io.Copy(f, struct{ io.Reader }{from}); err != nil {
		b.Fatal(err)
	}
	if err := f.Sync(); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
}

func post(b *testing.B, p *stewardtest.Person, from *os.File) string {
	r, err := p.Request(http.MethodPost, "/files?estate=A&name=big.bin", from)
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/octet-stream")
	status, body, err := p.Send(r)
	if err != nil || status != http.StatusCreated {
		b.Fatal(status, string(body), err)
	}
	return gjson.GetBytes(body, "id").String()
}

func fetch(b *testing.B, p *stewardtest.Person, id string, size int64) {
	r, err := p.Request(http.MethodGet, "/files/"+id, nil)
	if err != nil {
		b.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	if n, err := io.Copy(io.Discard, resp.Body); err != nil || n != size {
		b.Fatal(n, err)
	}
}

// watch notes the most memory in use until it is stopped.
func watch(most *uint64) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			*most = max(*most, m.HeapInuse)
			time.Sleep(5 * time.Millisecond)
		}
	}()
	return func() { cancel(); <-done }
}
