package watermark_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"testing"

	"github.com/steward-pm/steward/internal/watermark"
)

// pdf makes a document by hand: the objects, the first of them the catalog, and what its trailer says besides.
func pdf(trailer string, objects ...string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	at := make([]int, len(objects))
	for i, o := range objects {
		at[i] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, n := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", n)
	}
	fmt.Fprintf(&b, "trailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, trailer, start)
	return b.Bytes()
}

func stream(dict, content string) string {
	return fmt.Sprintf("<<%s/Length %d>>\nstream\n%s\nendstream", dict, len(content), content)
}

const writing = "q BT /F 24 Tf 72 700 Td (Original) Tj ET 0.9 g 72 500 300 100 re f 0 g 72 200 300 200 re f"

// letter is a document of pages that all show the same writing.
func letter(pages int, page string) []byte {
	kids := make([]string, pages)
	objects := []string{"<</Type/Catalog/Pages 2 0 R>>", "", "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>", stream("", writing)}
	for i := range pages {
		kids[i] = fmt.Sprintf("%d 0 R", len(objects)+1)
		objects = append(objects, "<</Type/Page/Parent 2 0 R/Contents 4 0 R"+page+">>")
	}
	objects[1] = fmt.Sprintf("<</Type/Pages/Count %d/Kids[%s]/MediaBox[0 0 595 842]/Resources<</Font<</F 3 0 R>>>>>>", pages, strings.Join(kids, " "))
	return pdf("", objects...)
}

// marked makes a copy, which must succeed.
func marked(t testing.TB, media string, content []byte, text string) []byte {
	t.Helper()
	c, err := watermark.Make(t.Context(), media, bytes.NewReader(content), text)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	out, err := io.ReadAll(c)
	if err != nil || int64(len(out)) != c.Size {
		t.Fatal(len(out), c.Size, err)
	}
	return out
}

// resize makes a PNG say that it is a square of so many pixels a side.
func resize(file []byte, side uint32) {
	const header, body = 12, 16
	binary.BigEndian.PutUint32(file[body:], side)
	binary.BigEndian.PutUint32(file[body+4:], side)
	binary.BigEndian.PutUint32(file[body+13:], crc32.ChecksumIEEE(file[header:body+13]))
}
