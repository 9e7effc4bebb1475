package files

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"path"
	"strings"
)

// The media types that http.DetectContentType does not tell.
const (
	typeCSV  = "text/csv"
	typeXLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	typeDOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
)

// mediaType finds what the content is by itself; what the client calls it decides only between plain text
// and CSV, which look alike.
func mediaType(content io.ReaderAt, size int64, name string) (string, error) {
	head, err := part(content, 0, 512)
	if err != nil {
		return "", err
	}
	media, _, err := mime.ParseMediaType(http.DetectContentType(head))
	if err != nil {
		return "", err
	}
	switch {
	case media == "text/plain" && strings.EqualFold(path.Ext(name), ".csv"):
		return typeCSV, nil
	case media == "application/zip":
		return officeType(content, size)
	}
	return media, nil
}

// officeType looks for the folders that office documents have into the directory at the end of a ZIP file.
// The tail is read and not the whole directory, whose size the client decides.
func officeType(content io.ReaderAt, size int64) (string, error) {
	const tail = 64 << 10
	end, err := part(content, max(0, size-tail), tail)
	if err != nil {
		return "", err
	}
	for _, entry := range bytes.Split(end, []byte("PK\x01\x02")) {
		const nameAt = 42 // bytes of an entry between its signature and its name
		if len(entry) < nameAt {
			continue
		}
		switch name := entry[nameAt:]; {
		case bytes.HasPrefix(name, []byte("xl/")):
			return typeXLSX, nil
		case bytes.HasPrefix(name, []byte("word/")):
			return typeDOCX, nil
		}
	}
	return "application/zip", nil
}

func part(r io.ReaderAt, at int64, n int) ([]byte, error) {
	b := make([]byte, n)
	n, err := r.ReadAt(b, at)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return b[:n], nil
}
