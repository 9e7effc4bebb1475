package server

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/steward-pm/steward/internal/fault"
)

// Upload says what is being uploaded.
type Upload struct {
	Estate      string // code of the estate that the file belongs to
	Name        string // as the client calls it, without folders
	ContentType string // one of fileTypes
	Size        int64  // in bytes, -1 when the client does not say
}

// File is a stored file.
type File struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Size        int64  `json:"size"`   // in bytes
	SHA256      string `json:"sha256"` // hex
	ContentType string `json:"-"`
	Inline      bool   `json:"-"` // to be looked at in the browser, not saved
}

// Wanted says which file, and whether as a copy that names who reads it.
type Wanted struct {
	ID     string
	Marked bool
}

// Link is what somebody opens without signing in anew: the file, the link as it was given, and the token that the request has, if any.
type Link struct{ ID, Text, Bearer string }

// fileTypes are what may be uploaded. None is a type that a browser sends for a foreign page without
// asking (text/plain, urlencoded, multipart), and none is run by one.
var fileTypes = []string{
	"application/octet-stream", "application/pdf", "application/zip", "text/csv",
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	"image/jpeg", "image/png", "image/webp", "image/heic",
}

// upload is POST /files?estate=CODE&name=…: the body is the file itself.
func (s *Server) upload(w http.ResponseWriter, r *http.Request) {
	up, refusal := s.describe(r)
	if refusal != nil {
		s.refuse(w, r, refusal.status, refusal.Error)
		return
	}
	body := s.lively(w, r, http.MaxBytesReader(w, r.Body, s.cfg.FileBytes))
	file, err := s.parts.Files.Store(r.Context(), up, body)
	if tooLarge(err) {
		refusal := s.tooLargeFile()
		s.refuse(w, r, refusal.status, refusal.Error)
		return
	}
	if errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(r.Context().Err(), context.DeadlineExceeded) {
		s.refuse(w, r, http.StatusRequestTimeout, s.stalled())
		return
	}
	if err != nil {
		s.refuse(w, r, 0, err)
		return
	}
	w.Header().Set("Location", "/files/"+url.PathEscape(file.ID))
	w.Header().Set("Content-Type", typeJSON+"; charset=utf-8")
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(file) // the client is gone; there is nobody to tell
}

func (s *Server) describe(r *http.Request) (Upload, *badRequest) {
	q := r.URL.Query()
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	up := Upload{Estate: q.Get("estate"), Name: q.Get("name"), ContentType: media, Size: r.ContentLength}
	switch {
	case err != nil || !slices.Contains(fileTypes, media) || r.Header.Get("Content-Encoding") != "":
		return up, bad(http.StatusUnsupportedMediaType, fault.Invalid("Content-Type",
			"请以文件本身作请求体,Content-Type 用 application/octet-stream 或:%[1]s。",
			"Send the file itself as the body, with Content-Type application/octet-stream or one of: %[1]s.",
			strings.Join(fileTypes[1:], ", ")))
	case up.Estate == "":
		return up, bad(http.StatusBadRequest, fault.Invalid("estate", "缺少 estate(小区代码)。", "estate, the code of the estate, is missing."))
	case up.Name == "" || len(up.Name) > 255 || up.Name == "." || up.Name == ".." || strings.ContainsFunc(up.Name, unfitForName):
		return up, bad(http.StatusBadRequest, fault.Invalid("name",
			"name 须为 1 到 255 字节的文件名,不含 / \\ 和控制字符。", "name must be a file name of 1 to 255 bytes, without / \\ and control characters."))
	case up.Size > s.cfg.FileBytes:
		return up, s.tooLargeFile()
	}
	return up, nil
}

func unfitForName(r rune) bool { return r < ' ' || r == 0x7f || r == '/' || r == '\\' || r == '\uFFFD' }

func (s *Server) tooLargeFile() *badRequest {
	return bad(http.StatusRequestEntityTooLarge, fault.New(fault.InvalidInput,
		"文件超过上限 %[1]d MiB;请拆分或压缩后再上传。", "The file is over the limit of %[1]d MiB: split or compress it.",
		s.cfg.FileBytes>>20).With("limit", "file").With("maximum", s.cfg.FileBytes))
}

// download is GET /files/{id}, with ?marked=true for a copy that names who reads it, and ?link=… as Links gave it.
func (s *Server) download(w http.ResponseWriter, r *http.Request) {
	file, content, err := s.parts.Files.Open(r.Context(), Wanted{r.PathValue("id"), r.URL.Query().Get("marked") == "true"})
	if err != nil {
		s.refuse(w, r, 0, err)
		return
	}
	defer content.Close()
	media := file.ContentType
	if !slices.Contains(fileTypes, media) {
		media = fileTypes[0]
	}
	attach(w.Header(), file.Name, media)
	if file.Inline && slices.Contains(shown, media) {
		show(w.Header(), media)
	}
	w.Header().Set("Content-Length", strconv.FormatInt(file.Size, 10))
	if r.Method == http.MethodHead {
		return
	}
	if _, err := io.Copy(w, content); err != nil {
		s.parts.Log.WarnContext(r.Context(), "download broken off", "error", err)
		panic(http.ErrAbortHandler) // the status is sent: only a cut connection tells the client
	}
}

// attach sets the headers of a file that is saved, never shown or run (RFC 6266, RFC 5987).
func attach(h http.Header, name, media string) {
	h.Set("Content-Type", media)
	h.Set("Content-Disposition", "attachment; filename=\""+asciiName(name)+"\"; filename*=UTF-8''"+extValue(name))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cache-Control", "private, no-store")
}

// shown are what a browser shows without running anything.
var shown = []string{"application/pdf", "image/jpeg", "image/png"}

// show lets a browser show it in place of saving it. What shows a PDF does not work within a sandbox.
func show(h http.Header, media string) {
	h.Set("Content-Disposition", "inline"+strings.TrimPrefix(h.Get("Content-Disposition"), "attachment"))
	if media == "application/pdf" {
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; frame-ancestors 'self'")
	}
}

// asciiName is the name for clients that do not read filename*.
func asciiName(name string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' || r == '%' {
			return '_'
		}
		return r
	}, name)
}

// extValue percent-encodes all but RFC 5987's attr-char.
func extValue(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("!#$&+-.^_`|~", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
	return b.String()
}
