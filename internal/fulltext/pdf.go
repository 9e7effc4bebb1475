package fulltext

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/webassembly"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

// maxMemory is what PDFium may take, in pages of 64 KiB: 128 MiB.
const maxMemory = 2_048

// compiled is PDFium as the machine runs it: three seconds' work, on the first PDF.
var compiled = sync.OnceValue(wazero.NewCompilationCache)

// one PDF is read at a time: the memory is the server's.
var one = make(chan struct{}, 1)

// readPDF has PDFium, which is what Chrome shows PDFs with, read the text. It runs as WebAssembly in a world of its own: it sees no file
// but this one, takes no more memory than it is given, and is ended when its time is over, whatever the file makes of it.
func readPDF(ctx context.Context, file *watched, size int64, t *Terms) (err error) {
	select {
	case one <- struct{}{}:
		defer func() { <-one }()
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { // as does the wrapper's own code, on what a broken PDFium answers
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", errUnreadable, p)
		}
	}()
	pool, err := webassembly.Init(webassembly.Config{
		Context: ctx, MaxTotal: 1, FSConfig: wazero.NewFSConfig(), Stdout: io.Discard, Stderr: io.Discard,
		RuntimeConfig: wazero.NewRuntimeConfig().WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesExceptionHandling).
			WithCompilationCache(compiled()).WithCloseOnContextDone(true).WithMemoryLimitPages(maxMemory),
	})
	if err != nil {
		return err
	}
	defer func() { _ = pool.Close() }() // with all its memory
	p, err := pool.GetInstanceWithContext(ctx)
	if err != nil {
		return err
	}
	d, err := p.OpenDocument(&requests.OpenDocument{FileReader: file, FileReaderSize: size})
	if err != nil {
		return errors.Join(errUnreadable, err)
	}
	n, err := p.FPDF_GetPageCount(&requests.FPDF_GetPageCount{Document: d.Document})
	if err != nil {
		return errors.Join(errUnreadable, err)
	}
	for i := range n.PageCount {
		if i == maxPages {
			return errEnough
		}
		if err := readPage(p, d.Document, i, t); err != nil {
			return err
		}
	}
	return nil
}

func readPage(p pdfium.Pdfium, d references.FPDF_DOCUMENT, i int, t *Terms) error {
	page, err := p.FPDF_LoadPage(&requests.FPDF_LoadPage{Document: d, Index: i})
	if err != nil {
		return errors.Join(errUnreadable, err)
	}
	defer func() { _, _ = p.FPDF_ClosePage(&requests.FPDF_ClosePage{Page: page.Page}) }()
	text, err := p.FPDFText_LoadPage(&requests.FPDFText_LoadPage{Page: requests.Page{ByReference: &page.Page}})
	if err != nil {
		return errors.Join(errUnreadable, err)
	}
	defer func() { _, _ = p.FPDFText_ClosePage(&requests.FPDFText_ClosePage{TextPage: text.TextPage}) }()
	n, err := p.FPDFText_CountChars(&requests.FPDFText_CountChars{TextPage: text.TextPage})
	if err != nil || n.Count == 0 {
		return errors.Join(err)
	}
	said, err := p.FPDFText_GetText(&requests.FPDFText_GetText{TextPage: text.TextPage, StartIndex: 0, Count: min(n.Count, maxPageText)})
	if err != nil {
		return errors.Join(errUnreadable, err)
	}
	if err := t.Add(1+i, said.Text); err != nil {
		return err
	}
	if n.Count > maxPageText {
		return errEnough
	}
	return nil
}
