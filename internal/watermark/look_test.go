package watermark_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"testing"
	"time"
)

func TestLook(t *testing.T) {
	dir := "/tmp/w/look/"
	os.MkdirAll(dir, 0o755)
	text := "欧阳喆堃 2026-03-02 09:00 AR-0001"
	for name, page := range map[string]string{"plain": "", "turned": "/Rotate 90", "crop": "/CropBox[100 100 400 500]"} {
		os.WriteFile(dir+name+".pdf", marked(t, "application/pdf", letter(2, page), text), 0o644)
	}
	begin := time.Now()
	out := marked(t, "application/pdf", letter(2000, ""), text)
	t.Log("2000 pages", time.Since(begin), len(out))
	img := image.NewRGBA(image.Rect(0, 0, 1200, 800))
	for y := range 800 {
		for x := range 1200 {
			img.Set(x, y, color.RGBA{uint8(x / 5), uint8(y / 4), 128, 255})
			if x < 400 {
				img.Set(x, y, color.White)
			}
			if x > 800 {
				img.Set(x, y, color.Black)
			}
		}
	}
	var b, p bytes.Buffer
	jpeg.Encode(&b, img, nil)
	png.Encode(&p, img)
	os.WriteFile(dir+"a.jpg", marked(t, "image/jpeg", b.Bytes(), text), 0o644)
	os.WriteFile(dir+"a.png", marked(t, "image/png", p.Bytes(), text), 0o644)
}
