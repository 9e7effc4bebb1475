package files

import (
	"archive/zip"
	"bytes"
	"testing"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
)

func TestMediaTypesComeFromTheContent(t *testing.T) {
	t.Parallel()
	book := excelize.NewFile()
	var workbook bytes.Buffer
	if err := book.Write(&workbook); err != nil {
		t.Fatal(err)
	}
	chinese, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte("楼栋,房号\n1栋,101\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		content []byte
		want    string
	}{
		{"清单.xlsx", workbook.Bytes(), typeXLSX},
		{"disguised.pdf", workbook.Bytes(), typeXLSX},
		{"letter.docx", archive(t, "[Content_Types].xml", "word/document.xml"), typeDOCX},
		{"fake.xlsx", archive(t, "readme.txt"), "application/zip"},
		{"清单.csv", []byte("\ufeff楼栋,房号\n"), typeCSV},
		{"清单.CSV", chinese, typeCSV},
		{"notes.txt", []byte("hello"), "text/plain"},
		{"page.csv", []byte("<html><script>alert(1)</script>"), "text/html"},
		{"photo.csv", []byte("\x89PNG\r\n\x1a\n"), "image/png"},
		{"paper", []byte("%PDF-1.7"), "application/pdf"},
		{"empty.csv", nil, typeCSV},
		{"bytes", []byte{0, 1, 2, 3}, "application/octet-stream"},
	} {
		if got, err := mediaType(bytes.NewReader(c.content), int64(len(c.content)), c.name); err != nil || got != c.want {
			t.Errorf("%s is %q, want %q (%v)", c.name, got, c.want, err)
		}
	}
}

func archive(t *testing.T, names ...string) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, n := range names {
		if _, err := w.Create(n); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
