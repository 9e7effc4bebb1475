package watermark

import (
	"bufio"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"io"
	"math"
	"os"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// markPicture burns the text into the pixels. What a picture says about itself (where it was taken, by what) is not in the copy.
func markPicture(letters *letters, text, media string, in, out *os.File) error {
	config, kind, err := image.DecodeConfig(bufio.NewReader(in))
	if err != nil || "image/"+kind != media {
		return &Error{Broken, fmt.Sprint(kind, err)}
	}
	if config.Width*config.Height > maxPixels || config.Width > maxPixels || config.Height > maxPixels {
		return &Error{Large, fmt.Sprintf("%d × %d pixels", config.Width, config.Height)}
	}
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return err
	}
	turned := 1
	if media == JPEG {
		turned = orientation(bufio.NewReader(in))
		if _, err := in.Seek(0, io.SeekStart); err != nil {
			return err
		}
	}
	picture, _, err := image.Decode(bufio.NewReader(in))
	if err != nil {
		return &Error{Broken, err.Error()}
	}
	l, err := letters.line(text)
	if err != nil {
		return err
	}
	marked := burn(picture, l, turned)
	w := bufio.NewWriterSize(out, 1<<20)
	if media == JPEG {
		if err := jpeg.Encode(&turnedWriter{w: w, turned: turned}, marked, &jpeg.Options{Quality: 90}); err != nil {
			return err
		}
		return w.Flush()
	}
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	return errors.Join(encoder.Encode(w, marked), w.Flush())
}

// burn marks the picture where it can, and a copy of it where its kind of pixels cannot show a mark.
func burn(picture image.Image, l *line, turned int) image.Image {
	bounds := picture.Bounds()
	width, height := bounds.Dx(), bounds.Dy()
	if turned >= 5 {
		width, height = height, width
	}
	pattern := newPattern(l, spread(l, float64(width), float64(height), 11), width, height)
	at := func(x, y int) (ink, halo uint32) {
		u, v := upright(x-bounds.Min.X, y-bounds.Min.Y, bounds.Dx(), bounds.Dy(), turned)
		return pattern.at(u, v)
	}
	switch p := picture.(type) {
	case *image.YCbCr: // in its brightness alone
		each(bounds, at, func(x, y int, ink, halo uint32) {
			i := p.YOffset(x, y)
			p.Y[i] = blend(p.Y[i], ink, halo)
		})
		return p
	case *image.Gray:
		each(bounds, at, func(x, y int, ink, halo uint32) {
			i := p.PixOffset(x, y)
			p.Pix[i] = blend(p.Pix[i], ink, halo)
		})
		return p
	case draw.Image:
		if _, few := picture.(*image.Paletted); !few {
			overlay(p, bounds, at)
			return p
		}
	}
	whole := image.NewRGBA(bounds)
	draw.Draw(whole, bounds, image.White, image.Point{}, draw.Src)
	draw.Draw(whole, bounds, picture, bounds.Min, draw.Over)
	overlay(whole, bounds, at)
	return whole
}

func each(b image.Rectangle, at func(x, y int) (ink, halo uint32), do func(x, y int, ink, halo uint32)) {
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			if ink, halo := at(x, y); ink|halo != 0 {
				do(x, y, ink, halo)
			}
		}
	}
}

// overlay marks whatever pixels there are; where the picture is transparent the mark is not.
func overlay(p draw.Image, b image.Rectangle, at func(x, y int) (ink, halo uint32)) {
	each(b, at, func(x, y int, ink, halo uint32) {
		r, g, bl, a := p.At(x, y).RGBA()
		over := func(c uint32) uint8 { return blend(uint8((c+0xffff-a)>>8), ink, halo) }
		p.Set(x, y, color.RGBA{over(r), over(g), over(bl), 0xff})
	})
}

// blend lays a bright halo and then dark ink over a value, so that the mark shows on dark and on bright.
func blend(value uint8, ink, halo uint32) uint8 {
	const haloShare, inkShare = 96, 128 // of 256
	v := uint32(value)
	v += (255 - v) * halo * haloShare / (255 * 256)
	v -= (v - min(v, 40)) * ink * inkShare / (255 * 256)
	return uint8(v)
}

// pattern is one mark with the space around it, which is repeated.
type pattern struct {
	layout
	ink, halo     *image.Alpha
	width, height float64
}

func newPattern(l *line, y layout, width, height int) *pattern {
	w, h := int(math.Ceil(y.stepX)), int(math.Ceil(y.stepY))
	p := &pattern{layout: y, width: float64(width), height: float64(height), ink: image.NewAlpha(image.Rect(0, 0, w, h)), halo: image.NewAlpha(image.Rect(0, 0, w, h))}
	scale, x0, y0 := float32(y.size/em), float32(1.5*y.size), float32(3.5*y.size)
	point := func(a fixed.Point26_6) (float32, float32) {
		return x0 + float32(a.X)/64*scale, y0 + float32(a.Y)/64*scale
	}
	raster := vector.NewRasterizer(w, h)
	for _, s := range l.segments {
		ax, ay := point(s.Args[0])
		bx, by := point(s.Args[1])
		cx, cy := point(s.Args[2])
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			raster.ClosePath()
			raster.MoveTo(ax, ay)
		case sfnt.SegmentOpLineTo:
			raster.LineTo(ax, ay)
		case sfnt.SegmentOpQuadTo:
			raster.QuadTo(ax, ay, bx, by)
		case sfnt.SegmentOpCubeTo:
			raster.CubeTo(ax, ay, bx, by, cx, cy)
		}
	}
	raster.ClosePath()
	raster.Draw(p.ink, p.ink.Bounds(), image.Opaque, image.Point{})
	spreadInk(p.halo, p.ink, max(1, int(y.size/14)))
	return p
}

// spreadInk makes the halo: everything within a distance of ink.
func spreadInk(to, ink *image.Alpha, far int) {
	b := ink.Bounds()
	across := image.NewAlpha(b)
	for _, step := range []struct {
		from, to *image.Alpha
		by       int
	}{{ink, across, 1}, {across, to, ink.Stride}} {
		for i := range step.to.Pix {
			for d := -far; d <= far; d++ {
				if j := i + d*step.by; j >= 0 && j < len(step.from.Pix) {
					step.to.Pix[i] = max(step.to.Pix[i], step.from.Pix[j])
				}
			}
		}
	}
}

// at is how much ink and halo there are at a place of the upright picture.
func (p *pattern) at(x, y int) (ink, halo uint32) {
	dx, dy := float64(x)-p.width/2, float64(y)-p.height/2
	u, v := dx*p.cos-dy*p.sin, dx*p.sin+dy*p.cos // y grows downwards: the marks rise to the right
	row := math.Floor(v / p.stepY)
	v -= row * p.stepY
	if int(row)%2 != 0 {
		u += p.stepX / 2
	}
	u -= math.Floor(u/p.stepX) * p.stepX
	i := int(v)*p.ink.Stride + int(u)
	return uint32(p.ink.Pix[i]), uint32(p.halo.Pix[i])
}
