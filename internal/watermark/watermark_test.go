package watermark_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"

	"github.com/steward-pm/steward/internal/watermark"
)

const text = "欧阳喆堃 2026-03-02 09:00 AR-0001"

// refused makes no copy, for the reason.
func refused(t *testing.T, media string, content []byte, why watermark.Why) {
	t.Helper()
	c, err := watermark.Make(t.Context(), media, bytes.NewReader(content), text)
	if e, ok := errors.AsType[*watermark.Error](err); !ok || e.Why != why || c != nil {
		t.Errorf("want %s: %v", why, err)
	}
}

func TestA5_EveryPageIsMarked(t *testing.T) {
	t.Parallel()
	for name, page := range map[string]string{"as it is": "", "turned": "/Rotate 270", "cut": "/CropBox[100 100 400 500]"} {
		copied := marked(t, watermark.PDF, letter(3, page), text)
		doc, err := api.ReadAndValidate(bytes.NewReader(copied), configuration())
		if err != nil || doc.PageCount != 3 {
			t.Fatalf("%s: %v", name, err)
		}
		for i := 1; i <= 3; i++ {
			d, _, _, err := doc.PageDict(i, false)
			if err != nil {
				t.Fatal(err)
			}
			content, err := doc.PageContent(d, i)
			if err != nil {
				t.Fatal(err)
			}
			// What was written is drawn, by a part that cannot move the marks; then they are, over the whole page.
			if s := string(content); !strings.HasPrefix(s, "q /So Do Q\n") || strings.Contains(s, "Original") || strings.Count(s, " cm\n") < 8 || strings.Count(s, "f\nQ\n") < 8 {
				t.Errorf("%s, page %d: %.200s", name, i, s)
			}
		}
		if bytes.Count(copied, []byte("%%EOF")) != 1 {
			t.Errorf("%s: an earlier version is in the copy", name)
		}
	}
}

func configuration() *model.Configuration {
	model.ConfigPath = "disable"
	c := model.NewDefaultConfiguration()
	c.Offline = true
	return c
}

func TestA5_NothingUnmarkedIsInTheCopy(t *testing.T) {
	t.Parallel()
	document := pdf("",
		"<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles<</Names[(a) 5 0 R]>>>>/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>/AF[5 0 R]>>",
		"<</Type/Pages/Count 1/Kids[3 0 R]>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 400]/Contents[4 0 R 4 0 R]/Annots[<</Type/Annot/Subtype/FileAttachment/Rect[0 0 9 9]/FS 5 0 R>>]>>",
		stream("", writing), "<</Type/Filespec/F(a)/UF(a)/EF<</F 6 0 R>>>>", stream("/Type/EmbeddedFile", "the attachment"))
	copied := marked(t, watermark.PDF, document, text)
	for _, hidden := range []string{"the attachment", "EmbeddedFile", "JavaScript", "FileAttachment"} {
		if bytes.Contains(copied, []byte(hidden)) {
			t.Errorf("%s is in the copy", hidden)
		}
	}
	doc, err := api.ReadAndValidate(bytes.NewReader(copied), configuration())
	if err != nil {
		t.Fatal(err)
	}
	files, err := doc.ListAttachments()
	if err != nil || len(files) != 0 {
		t.Errorf("%v %v", files, err)
	}
}

func TestA5_ThePixelsAreMarked(t *testing.T) {
	t.Parallel()
	bounds := image.Rect(0, 0, 640, 480)
	palette := image.NewPaletted(bounds, color.Palette{color.Black, color.White})
	gray, wide, clear := image.NewGray(bounds), image.NewNRGBA64(bounds), image.NewNRGBA(bounds)
	draw.Draw(gray, bounds, image.White, image.Point{}, draw.Src)
	for name, picture := range map[string]image.Image{"two colours": palette, "white": gray, "black, deep": wide, "transparent": clear} {
		var b bytes.Buffer
		if err := png.Encode(&b, picture); err != nil {
			t.Fatal(err)
		}
		copied, err := png.Decode(bytes.NewReader(marked(t, watermark.PNG, b.Bytes(), text)))
		if err != nil {
			t.Fatal(err)
		}
		if n := changed(picture, copied); n < 0.02 || n > 0.5 {
			t.Errorf("%s: %.3f of it is changed", name, n)
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, gray, nil); err != nil {
		t.Fatal(err)
	}
	upright := marked(t, watermark.JPEG, b.Bytes(), text)
	copied, err := jpeg.Decode(bytes.NewReader(upright))
	if err != nil || changed(gray, copied) < 0.02 {
		t.Errorf("JPEG: %v", err)
	}
	// It says how it wants to be turned, as the original did, and nothing else that the original said.
	exif := "\xff\xe1\x00\x22Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00"
	secret := "\xff\xfe\x00\x08secret"
	turned := marked(t, watermark.JPEG, []byte(string(b.Bytes()[:2])+secret+exif+string(b.Bytes()[2:])), text)
	if !bytes.HasPrefix(turned, []byte("\xff\xd8"+exif)) || bytes.Contains(turned, []byte("secret")) || bytes.Equal(turned, upright) {
		t.Errorf("turned: %x", turned[:60])
	}
}

// changed is which part of the pixels differs plainly.
func changed(a, b image.Image) float64 {
	n := 0
	for y := a.Bounds().Min.Y; y < a.Bounds().Max.Y; y++ {
		for x := a.Bounds().Min.X; x < a.Bounds().Max.X; x++ {
			p, q := color.GrayModel.Convert(a.At(x, y)).(color.Gray).Y, color.GrayModel.Convert(b.At(x, y)).(color.Gray).Y
			if max(p, q)-min(p, q) > 40 {
				n++
			}
		}
	}
	return float64(n) / float64(a.Bounds().Dx()*a.Bounds().Dy())
}

// Another name makes another mark, also of letters that no font here has.
func TestA5_TheMarkSaysWhatItIsTold(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 800, 600))); err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	for _, name := range []string{"张伟", "张玮", "𠮷野", "𠮶野", "Ann", "Anm", strings.Repeat("很长的名字", 20)} {
		copied := string(marked(t, watermark.PNG, b.Bytes(), name))
		if other, same := seen[copied]; same {
			t.Errorf("%s looks like %s", name, other)
		}
		seen[copied] = name
	}
}

func TestA5_HostileDocumentsEndTheirOwnProcessOnly(t *testing.T) {
	t.Parallel()
	before := leftovers(t)
	refused(t, watermark.PDF, []byte("%PDF-1.7 nothing"), watermark.Broken)
	refused(t, watermark.PDF, letter(5001, ""), watermark.Large)
	refused(t, watermark.PDF, pdf("", "<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Count 1/Kids[2 0 R]>>"), watermark.Broken)
	refused(t, watermark.PDF, letter(1, "/MediaBox[0 0 1 99999999]"), watermark.Broken)
	refused(t, watermark.PDF, pdf("/ID[<00><00>]/Encrypt<</Filter/Standard/V 2/R 3/Length 128/P -4/O<"+strings.Repeat("00", 32)+">/U<"+strings.Repeat("00", 32)+">>>",
		"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Count 0/Kids[]>>"), watermark.Encrypted)
	for _, password := range []string{"", "a password"} {
		conf := configuration()
		conf.UserPW, conf.OwnerPW = password, "the owner's"
		var b bytes.Buffer
		if err := api.Encrypt(bytes.NewReader(letter(1, "")), &b, conf); err != nil {
			t.Fatal(err)
		}
		refused(t, watermark.PDF, b.Bytes(), watermark.Encrypted)
	}
	for media, content := range map[string][]byte{watermark.PNG: vast(50_000), watermark.JPEG: []byte("\xff\xd8\xff\xc0\x00\x0b\x08\xff\xff\xff\xff\x01\x01\x11\x00\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\xff\xd9")} {
		refused(t, media, content, watermark.Large)
	}
	refused(t, watermark.JPEG, vast(10), watermark.Broken)
	// What unpacks to gigabytes does so within its own limits.
	bomb := pdf("", "<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Count 1/Kids[3 0 R]>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 400]/Contents[4 0 R 4 0 R 4 0 R 4 0 R 4 0 R 4 0 R]>>", stream("/Filter/FlateDecode", zeros(400<<20)))
	c, err := watermark.Make(t.Context(), watermark.PDF, bytes.NewReader(bomb), text)
	if _, ok := errors.AsType[*watermark.Error](err); !ok || c != nil {
		t.Errorf("a bomb: %v", err)
	}
	if left := leftovers(t); left > before {
		t.Errorf("%d files are left", left-before)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := watermark.Make(ended, watermark.PDF, bytes.NewReader(letter(1, "")), text); !errors.Is(err, context.Canceled) {
		t.Errorf("for who has gone: %v", err)
	}
}

func leftovers(t *testing.T) int {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(os.TempDir(), "steward-[0-9]*"))
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// vast says that it is a square of so many pixels a side.
func vast(side uint32) []byte {
	var b bytes.Buffer
	_ = png.Encode(&b, image.NewGray(image.Rect(0, 0, 1, 1)))
	out := b.Bytes()
	resize(out, side)
	return out
}

// zeros is so many zero bytes, packed.
func zeros(n int) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	chunk := make([]byte, 1<<20)
	for range n >> 20 {
		_, _ = w.Write(chunk)
	}
	_ = w.Close()
	return b.String()
}

func BenchmarkMark(b *testing.B) {
	for _, pages := range []int{1, 1000} {
		content := letter(pages, "")
		b.Run(fmt.Sprint(pages, " pages"), func(b *testing.B) {
			for b.Loop() {
				marked(b, watermark.PDF, content, text)
			}
		})
	}
}
