package intake_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"testing"

	"github.com/xuri/excelize/v2"
)

// lines is a CSV file of n lines that is made while it is read.
type lines struct {
	n, at   int
	pending []byte
}

func (l *lines) Read(p []byte) (int, error) {
	for len(l.pending) < len(p) && l.at <= l.n {
		if l.at == 0 {
			l.pending = append(l.pending, "房号,面积,备注\n"...)
		} else {
			l.pending = fmt.Appendf(l.pending, "%d,113.27,\"住户,\n第 %d 户\"\n", l.at, l.at)
		}
		l.at++
	}
	if len(l.pending) == 0 {
		return 0, io.EOF
	}
	n := copy(p, l.pending)
	l.pending = append(l.pending[:0], l.pending[n:]...)
	return n, nil
}

func (l *lines) Seek(offset int64, whence int) (int64, error) {
	if offset != 0 || whence != io.SeekStart {
		return 0, errors.New("only to the start")
	}
	l.at, l.pending = 0, nil
	return 0, nil
}

// TestMemoryIsConstant is not parallel: it measures the heap.
func TestMemoryIsConstant(t *testing.T) {
	for format, c := range map[string]struct {
		write func(*testing.T, int) io.ReadSeeker
		lines int
	}{
		"csv":  {func(_ *testing.T, n int) io.ReadSeeker { return &lines{n: n} }, 100_000},
		"xlsx": {longWorkbook, 50_000}, // which take most of the time to write
	} {
		t.Run(format, func(t *testing.T) {
			small, large := held(t, c.write, 10_000), held(t, c.write, c.lines)
			if large > small+1<<20 {
				t.Errorf("10,000 lines hold %d bytes, %d lines %d", small, c.lines, large)
			}
		})
	}
}

// held is the most that the heap grew while n lines were read.
func held(t *testing.T, write func(*testing.T, int) io.ReadSeeker, n int) (most int64) {
	t.Helper()
	file := write(t, n)
	before := heap()
	sheet := open(t, file, roomAndArea)
	read := 0
	for rec, err := range sheet.Records() {
		if err != nil {
			t.Fatal(err)
		}
		if rec.Hundredths("area", 0, 1<<40) != 11327 {
			t.Fatal("wrong area")
		}
		if read++; read%(n/4) == 0 {
			most = max(most, heap()-before)
		}
	}
	if read != n {
		t.Fatalf("read %d lines of %d", read, n)
	}
	runtime.KeepAlive(file)
	return most
}

func longWorkbook(t *testing.T, n int) io.ReadSeeker {
	t.Helper()
	book := excelize.NewFile()
	defer book.Close()
	w, err := book.NewStreamWriter("Sheet1")
	if err != nil {
		t.Fatal(err)
	}
	for line := range n + 1 {
		cells := []any{line, 113.27, fmt.Sprintf("住户,\n第 %d 户", line)}
		if line == 0 {
			cells = []any{"房号", "面积", "备注"}
		}
		if err := w.SetRow(fmt.Sprintf("A%d", line+1), cells); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := book.Write(&file); err != nil {
		t.Fatal(err)
	}
	return bytes.NewReader(file.Bytes())
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
