package watermark

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

// markPDF writes the document anew. A page's own content becomes a part of the page's new content, which draws it and then the marks
// as lines and curves: there is no layer, annotation or earlier version to take away, and nothing in the old content moves the marks.
func markPDF(letters *letters, text string, in, out *os.File) (err error) {
	model.ConfigPath = "disable" // nothing of the machine's
	conf := model.NewDefaultConfiguration()
	conf.Offline, conf.Optimize, conf.OptimizeBeforeWriting, conf.OptimizeResourceDicts = true, false, false, false
	doc, err := api.ReadAndValidate(in, conf)
	if err != nil {
		if errors.Is(err, pdfcpu.ErrWrongPassword) || encrypted(doc) {
			return &Error{Encrypted, err.Error()}
		}
		return &Error{Broken, err.Error()}
	}
	if encrypted(doc) {
		return &Error{Encrypted, "opens without a password, and is not to be changed"}
	}
	if direct, err := encryptedDirectly(in); err != nil || direct {
		return errors.Join(err, &Error{Encrypted, "its trailer says how"})
	}
	l, err := letters.line(text)
	if err != nil {
		return err
	}
	m := &pdfMarker{doc: doc, line: l, contents: map[pageKind]types.IndirectRef{}, seen: map[int]bool{}}
	if err := m.document(); err != nil {
		if e, ok := errors.AsType[*Error](err); ok {
			return e
		}
		return &Error{Broken, err.Error()}
	}
	if err := api.WriteContext(doc, out); err != nil {
		return &Error{Broken, err.Error()}
	}
	return nil
}

// directly is how a trailer says itself how the document is encrypted, which pdfcpu does not read.
var directly = regexp.MustCompile(`/Encrypt\s*<<`)

func encryptedDirectly(in *os.File) (bool, error) {
	_, err := in.Seek(0, io.SeekStart)
	return err == nil && directly.MatchReader(bufio.NewReader(in)), err
}

func encrypted(doc *model.Context) bool {
	return doc != nil && doc.XRefTable != nil && doc.Encrypt != nil
}

type pdfMarker struct {
	doc      *model.Context
	line     *line
	shade    types.IndirectRef
	contents map[pageKind]types.IndirectRef // pages of one kind share what is drawn on them
	seen     map[int]bool                   // nodes of the page tree
	pages    int
}

// pageKind is what the marks on a page depend upon.
type pageKind struct {
	x0, y0, x1, y1 float64
	rotate         int  // quarters to the right
	blank          bool // there is nothing under the marks
}

func (m *pdfMarker) document() error {
	catalog, err := m.doc.Catalog()
	if err != nil {
		return err
	}
	if err := m.strip(catalog); err != nil {
		return err
	}
	shade, err := m.doc.IndRefForNewObject(types.Dict{"Type": types.Name("ExtGState"), "ca": types.Float(0.4), "CA": types.Float(0.4), "BM": types.Name("Normal")})
	if err != nil {
		return err
	}
	m.shade = *shade
	root, err := m.doc.Pages()
	if err != nil {
		return err
	}
	if err := m.tree(*root, inherited{}, 0); err != nil {
		return err
	}
	if m.pages == 0 {
		return errors.New("no pages")
	}
	return nil
}

// strip takes out what would be shown, kept or run beside the marked pages.
func (m *pdfMarker) strip(catalog types.Dict) error {
	for _, key := range []string{"OpenAction", "AA", "AF", "Collection", "PieceInfo"} {
		catalog.Delete(key)
	}
	names, err := m.doc.DereferenceDict(catalog["Names"])
	if err != nil {
		return err
	}
	for _, key := range []string{"EmbeddedFiles", "JavaScript", "AlternatePresentations"} {
		names.Delete(key)
		delete(m.doc.Names, key)
	}
	form, err := m.doc.DereferenceDict(catalog["AcroForm"])
	if err != nil {
		return err
	}
	form.Delete("XFA")
	return nil
}

// inherited is what pages have of the nodes above them.
type inherited struct {
	resources, media, crop types.Object
	rotate                 types.Object
}

func (up inherited) with(d types.Dict) inherited {
	for key, to := range map[string]*types.Object{"Resources": &up.resources, "MediaBox": &up.media, "CropBox": &up.crop, "Rotate": &up.rotate} {
		if o, ok := d.Find(key); ok && o != nil {
			*to = o
		}
	}
	return up
}

func (m *pdfMarker) tree(ref types.IndirectRef, up inherited, depth int) error {
	const deepest = 100
	if number := ref.ObjectNumber.Value(); depth > deepest || m.seen[number] {
		return errors.New("the tree of pages is none")
	} else {
		m.seen[number] = true
	}
	node, err := m.doc.DereferenceDict(ref)
	if err != nil || node == nil {
		return errors.Join(errors.New("a page is missing"), err)
	}
	up = up.with(node)
	kids, err := m.doc.DereferenceArray(node["Kids"])
	if err != nil {
		return err
	}
	if node["Kids"] == nil {
		return m.page(node, up)
	}
	for _, kid := range kids {
		r, ok := kid.(types.IndirectRef)
		if !ok {
			return errors.New("a page is no object of its own")
		}
		if err := m.tree(r, up, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (m *pdfMarker) page(page types.Dict, up inherited) error {
	if m.pages++; m.pages > maxPages {
		return &Error{Large, fmt.Sprintf("more than %d pages", maxPages)}
	}
	for _, key := range []string{"AA", "AF", "Thumb", "PieceInfo", "Metadata"} {
		page.Delete(key)
	}
	kind, err := m.kind(up)
	if err != nil {
		return err
	}
	original, err := m.original(page, up)
	if err != nil {
		return err
	}
	resources := types.Dict{"ExtGState": types.Dict{"Sw": m.shade}}
	if kind.blank = original == nil; !kind.blank {
		resources["XObject"] = types.Dict{"So": *original}
	}
	content, err := m.content(kind)
	if err != nil {
		return err
	}
	page["Resources"], page["Contents"] = resources, content
	return m.annotations(page)
}

// annotations without those that hold a file.
func (m *pdfMarker) annotations(page types.Dict) error {
	list, err := m.doc.DereferenceArray(page["Annots"])
	if err != nil || list == nil {
		return err
	}
	kept := types.Array{}
	for _, o := range list {
		a, err := m.doc.DereferenceDict(o)
		if err != nil {
			return err
		}
		if s := a.Subtype(); a == nil || s != nil && (*s == "FileAttachment" || *s == "RichMedia" || *s == "Movie" || *s == "Screen" || *s == "3D") {
			continue
		}
		kept = append(kept, o)
	}
	page["Annots"] = kept
	return nil
}

// kind of the page, from what is shown of it.
func (m *pdfMarker) kind(up inherited) (k pageKind, err error) {
	box := up.media
	if up.crop != nil {
		box = up.crop
	}
	corners, err := m.doc.DereferenceArray(box)
	if err != nil {
		return k, err
	}
	if len(corners) != 4 {
		return k, errors.New("a page has no size")
	}
	var n [4]float64
	for i, o := range corners {
		if n[i], err = m.doc.DereferenceNumber(o); err != nil {
			return k, err
		}
	}
	k = pageKind{min(n[0], n[2]), min(n[1], n[3]), max(n[0], n[2]), max(n[1], n[3]), 0, false}
	if w, h := k.x1-k.x0, k.y1-k.y0; w < 1 || h < 1 || w > 1e6 || h > 1e6 || w/h > 200 || h/w > 200 {
		return k, errors.New("a page has an impossible size")
	}
	if up.rotate != nil {
		turn, err := m.doc.DereferenceNumber(up.rotate)
		if err != nil {
			return k, err
		}
		k.rotate = ((int(turn)/90)%4 + 4) % 4
	}
	return k, nil
}

// original makes the page's own content a part that can be drawn; nil for an empty page.
func (m *pdfMarker) original(page types.Dict, up inherited) (*types.IndirectRef, error) {
	own, err := m.doc.Dereference(page["Contents"])
	if err != nil || own == nil {
		return nil, err
	}
	var part types.StreamDict
	if stream, whole := own.(types.StreamDict); whole { // as it is, without a look into it
		part = types.StreamDict{Dict: types.NewDict(), Raw: stream.Raw, Content: stream.Content, FilterPipeline: stream.FilterPipeline}
		for _, key := range []string{"Filter", "DecodeParms"} {
			if o, ok := stream.Find(key); ok {
				part.Dict[key] = o
			}
		}
		if part.Raw == nil {
			if err := part.Encode(); err != nil {
				return nil, err
			}
		}
	} else {
		joined, err := m.joined(own)
		if err != nil || joined == nil {
			return nil, err
		}
		s, err := m.doc.NewStreamDictForBuf(joined)
		if err != nil {
			return nil, err
		}
		if err := s.Encode(); err != nil {
			return nil, err
		}
		part = *s
	}
	part.InsertName("Type", "XObject")
	part.InsertName("Subtype", "Form")
	part.Dict["BBox"] = up.media
	if up.resources != nil {
		part.Dict["Resources"] = up.resources
	}
	length := int64(len(part.Raw))
	part.StreamLength = &length
	part.Dict["Length"] = types.Integer(length)
	return m.doc.IndRefForNewObject(part)
}

// joined are the parts of a page's content as one.
func (m *pdfMarker) joined(own types.Object) ([]byte, error) {
	list, ok := own.(types.Array)
	if !ok {
		return nil, errors.New("the content of a page is none")
	}
	var all bytes.Buffer
	for _, o := range list {
		s, _, err := m.doc.DereferenceStreamDict(o)
		if err != nil {
			return nil, err
		}
		if s == nil {
			continue
		}
		if err := s.Decode(); err != nil {
			return nil, err
		}
		all.Write(s.Content)
		all.WriteByte('\n')
	}
	return all.Bytes(), nil
}

// content is what is drawn on pages of the kind.
func (m *pdfMarker) content(k pageKind) (types.IndirectRef, error) {
	if ref, ok := m.contents[k]; ok {
		return ref, nil
	}
	var b strings.Builder
	if !k.blank {
		b.WriteString("q /So Do Q\n")
	}
	strokes(&b, m.line, k)
	s, err := m.doc.NewStreamDictForBuf([]byte(b.String()))
	if err != nil {
		return types.IndirectRef{}, err
	}
	if err := s.Encode(); err != nil {
		return types.IndirectRef{}, err
	}
	ref, err := m.doc.IndRefForNewObject(*s)
	if err != nil {
		return types.IndirectRef{}, err
	}
	m.contents[k] = *ref
	return *ref, nil
}
