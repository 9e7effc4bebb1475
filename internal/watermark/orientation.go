package watermark

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
)

// orientation is how a JPEG wants to be turned, 1 to 8 as EXIF counts; 1 for what does not say.
func orientation(r *bufio.Reader) int {
	head := make([]byte, 4)
	if _, err := io.ReadFull(r, head[:2]); err != nil {
		return 1
	}
	for {
		if _, err := io.ReadFull(r, head); err != nil || head[0] != 0xff || head[1] == 0xda {
			return 1
		}
		size := int(binary.BigEndian.Uint16(head[2:])) - 2
		if size < 0 {
			return 1
		}
		if head[1] != 0xe1 {
			if _, err := r.Discard(size); err != nil {
				return 1
			}
			continue
		}
		segment := make([]byte, size)
		if _, err := io.ReadFull(r, segment); err != nil {
			return 1
		}
		if tiff, ok := bytes.CutPrefix(segment, []byte("Exif\x00\x00")); ok {
			return tiffOrientation(tiff)
		}
	}
}

func tiffOrientation(tiff []byte) int {
	var order binary.ByteOrder
	switch {
	case len(tiff) < 8:
		return 1
	case string(tiff[:2]) == "II":
		order = binary.LittleEndian
	case string(tiff[:2]) == "MM":
		order = binary.BigEndian
	default:
		return 1
	}
	at := int64(order.Uint32(tiff[4:]))
	if at+2 > int64(len(tiff)) {
		return 1
	}
	for i := range int64(order.Uint16(tiff[at:])) {
		entry := at + 2 + 12*i
		if entry+12 > int64(len(tiff)) {
			return 1
		}
		const tag = 0x0112
		if n := int(order.Uint16(tiff[entry+8:])); order.Uint16(tiff[entry:]) == tag && n >= 1 && n <= 8 {
			return n
		}
	}
	return 1
}

// upright is where a stored pixel is seen once the picture is turned as it wants to be.
func upright(x, y, width, height, turned int) (u, v int) {
	switch turned {
	case 2:
		return width - 1 - x, y
	case 3:
		return width - 1 - x, height - 1 - y
	case 4:
		return x, height - 1 - y
	case 5:
		return y, x
	case 6:
		return height - 1 - y, x
	case 7:
		return height - 1 - y, width - 1 - x
	case 8:
		return y, width - 1 - x
	}
	return x, y
}

// turnedWriter puts behind a JPEG's first two bytes how it wants to be turned, and nothing else about it.
type turnedWriter struct {
	w      io.Writer
	turned int
	seen   int
}

func (t *turnedWriter) Write(p []byte) (int, error) {
	const begin = 2
	if t.turned == 1 || t.seen >= begin {
		return t.w.Write(p)
	}
	n, err := t.w.Write(p[:min(len(p), begin-t.seen)])
	if t.seen += n; err != nil || t.seen < begin {
		return n, err
	}
	exif := append([]byte{0xff, 0xe1, 0, 34}, "Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00"...)
	exif = append(exif, byte(t.turned), 0, 0, 0, 0, 0, 0)
	if _, err := t.w.Write(exif); err != nil {
		return n, err
	}
	rest, err := t.w.Write(p[n:])
	return n + rest, err
}
