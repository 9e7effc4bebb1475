package intake

import (
	"bytes"
	"errors"
	"io"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/steward-pm/steward/internal/fault"
)

// openSource tells the formats apart by their first bytes, and UTF-8 from GB18030 by reading the
// whole file once: the first letter that is not ASCII may stand anywhere.
func openSource(file io.ReadSeeker) (source, string, error) {
	start := make([]byte, 8)
	n, err := io.ReadFull(file, start)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, "", err
	}
	start = start[:n]
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, "", err
	}
	switch {
	case bytes.HasPrefix(start, []byte("PK\x03\x04")):
		src, err := openXLSX(file)
		return src, "xlsx", err
	case bytes.HasPrefix(start, []byte("\xd0\xcf\x11\xe0")):
		return nil, "", fault.New(fault.InvalidInput, "这是旧式 .xls 或加密的工作簿,请另存为不加密的 .xlsx 或 CSV 再导入。",
			"This is an old .xls or an encrypted workbook; save it as an unencrypted .xlsx or as CSV.")
	}
	name, decoder, err := textEncoding(file, start)
	if err != nil {
		return nil, "", err
	}
	src, err := openCSV(transform.NewReader(file, decoder))
	return src, name, err
}

func textEncoding(file io.ReadSeeker, start []byte) (string, transform.Transformer, error) {
	switch {
	case bytes.HasPrefix(start, []byte("\xef\xbb\xbf")):
		return "utf-8-sig", unicode.UTF8BOM.NewDecoder(), nil
	case bytes.HasPrefix(start, []byte("\xff\xfe")):
		return "utf-16le", unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder(), nil
	case bytes.HasPrefix(start, []byte("\xfe\xff")):
		return "utf-16be", unicode.UTF16(unicode.BigEndian, unicode.ExpectBOM).NewDecoder(), nil
	}
	_, err := io.Copy(io.Discard, transform.NewReader(file, encoding.UTF8Validator))
	if err != nil && !errors.Is(err, encoding.ErrInvalidUTF8) {
		return "", nil, err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return "", nil, err
	}
	if err != nil {
		return "gb18030", simplifiedchinese.GB18030.NewDecoder(), nil
	}
	return "utf-8", encoding.Nop.NewDecoder(), nil
}
