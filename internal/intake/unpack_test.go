package intake_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/steward-pm/steward/internal/fault"
	"github.com/steward-pm/steward/internal/intake"
)

// endless is n times one byte.
func endless(c byte, n int64) io.Reader { return io.LimitReader(repeated(c), n) }

type repeated byte

func (r repeated) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(r)
	}
	return len(p), nil
}

// swollen is a good workbook with more parts.
func swollen(t *testing.T, parts map[string]func() io.Reader) []byte {
	t.Helper()
	good, err := io.ReadAll(longWorkbook(t, 3))
	if err != nil {
		t.Fatal(err)
	}
	old, err := zip.NewReader(bytes.NewReader(good), int64(len(good)))
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	book := zip.NewWriter(&file)
	for _, part := range old.File {
		if parts[part.Name] != nil {
			continue
		}
		if err := book.Copy(part); err != nil {
			t.Fatal(err)
		}
	}
	for name, content := range parts {
		w, err := book.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(w, content()); err != nil {
			t.Fatal(err)
		}
	}
	if err := book.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// TestBombsAreRefused is not parallel: it measures what is allocated.
func TestBombsAreRefused(t *testing.T) {
	zeros := func(n int64) func() io.Reader { return func() io.Reader { return endless(0, n) } }
	many, medium := map[string]func() io.Reader{}, map[string]func() io.Reader{}
	for i := range 2_000 {
		many[fmt.Sprintf("xl/media/%d.bin", i)] = zeros(1)
	}
	for i := range 9 {
		medium[fmt.Sprintf("xl/media/%d.bin", i)] = zeros(8 << 20)
	}
	cell := func(open, text, end string) func() io.Reader {
		return func() io.Reader {
			return io.MultiReader(strings.NewReader(`<?xml version="1.0"?><worksheet><sheetData><row r="1"><c t="inlineStr"><is><t>`+open),
				strings.NewReader(strings.Repeat(text, 100<<20/len(text))), strings.NewReader(end+`</t></is></c></row></sheetData></worksheet>`))
		}
	}
	const sheet = "xl/worksheets/sheet1.xml"
	for name, parts := range map[string]map[string]func() io.Reader{
		"a picture":           {"xl/media/a.bin": zeros(200 << 20)},
		"a folder":            {"xl/worksheets/sheet9/a.bin": zeros(300 << 20)},
		"a sheet":             {sheet: zeros(300 << 20)},
		"one cell":            {sheet: cell("", "x", "")},
		"tags in a comment":   {sheet: cell("<!--", "<x>", "-->")},
		"too many parts":      many,
		"many medium parts":   medium,
		"one part under case": {"xl/Worksheets/Sheet1.xml": zeros(1)},
	} {
		t.Run(name, func(t *testing.T) { refusedCheaply(t, swollen(t, parts)) })
	}
	t.Run("a wrong size", func(t *testing.T) {
		bomb := swollen(t, map[string]func() io.Reader{"xl/media/a.bin": zeros(500 << 20)})
		size := []byte{0, 0, 0x40, 0x1f} // 500 MiB, little-endian, in the directory and after the part
		if !bytes.Contains(bomb, size) {
			t.Fatal("the size is not found")
		}
		refusedCheaply(t, bytes.ReplaceAll(bomb, size, []byte{1, 0, 0, 0}))
	})
	sheetOpens(t, swollen(t, map[string]func() io.Reader{"xl/media/a.bin": zeros(8 << 20)}))
}

func refusedCheaply(t *testing.T, file []byte) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := intake.Open(bytes.NewReader(file), roomAndArea)
	runtime.ReadMemStats(&after)
	refused := fault.From(err)
	if refused == nil || refused.Code != fault.InvalidInput || !strings.Contains(refused.ZH, "太大") {
		t.Errorf("got %v, want INVALID_INPUT", err)
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > 16<<20 {
		t.Errorf("%d bytes of file took %d bytes of memory", len(file), took)
	}
}

func sheetOpens(t *testing.T, file []byte) {
	t.Helper()
	sheet, err := intake.Open(bytes.NewReader(file), roomAndArea)
	if err != nil {
		t.Fatal(err)
	}
	if err := sheet.Close(); err != nil {
		t.Error(err)
	}
}
