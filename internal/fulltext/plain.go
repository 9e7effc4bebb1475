package fulltext

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// readPlain reads plain text and CSV, in UTF-8, UTF-16 with its mark, or GB18030.
func readPlain(_ context.Context, file *watched, _ int64, t *Terms) error {
	decoder, err := encodingOf(file)
	if err != nil {
		return err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return t.read(1, bufio.NewReader(transform.NewReader(file, decoder)))
}

// encodingOf tells UTF-8 from GB18030 by reading the whole: the first letter that is not ASCII may stand anywhere.
func encodingOf(file io.Reader) (transform.Transformer, error) {
	head := make([]byte, 4<<10)
	n, err := io.ReadFull(file, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	head = head[:n]
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		return unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder(), nil
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		return unicode.UTF16(unicode.BigEndian, unicode.ExpectBOM).NewDecoder(), nil
	}
	_, err = io.Copy(io.Discard, transform.NewReader(io.MultiReader(bytes.NewReader(head), file), encoding.UTF8Validator))
	switch {
	case errors.Is(err, encoding.ErrInvalidUTF8):
		return simplifiedchinese.GB18030.NewDecoder(), nil
	case err != nil:
		return nil, err
	}
	return unicode.UTF8BOM.NewDecoder(), nil
}

// read reads a whole text on one page, a piece at a time.
func (t *Terms) read(page int, from io.RuneReader) error {
	piece := make([]byte, 0, 4<<10)
	for {
		r, _, err := from.ReadRune()
		if errors.Is(err, io.EOF) {
			return t.Add(page, string(piece))
		}
		if err != nil {
			return err
		}
		piece = utf8.AppendRune(piece, r)
		if len(piece) > 4<<10-utf8.UTFMax {
			if err := t.more(page, string(piece)); err != nil {
				return err
			}
			piece = piece[:0]
		}
	}
}
