package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/steward-pm/steward/internal/fault"
)

// params is one GraphQL request as it came.
type params struct {
	Query         string         `json:"query"`
	OperationName string         `json:"operationName"`
	Variables     map[string]any `json:"variables"`
	Extensions    map[string]any `json:"extensions"`
	DocumentID    string         `json:"documentId"`
}

// id returns the hash under which the client asks for a document, in whichever of the usual places.
func (p params) id() string {
	if p.DocumentID != "" {
		return p.DocumentID
	}
	if id, _ := p.Extensions["documentId"].(string); id != "" {
		return id
	}
	persisted, _ := p.Extensions["persistedQuery"].(map[string]any)
	id, _ := persisted["sha256Hash"].(string)
	return id
}

// badRequest is a refusal with a status of its own.
type badRequest struct {
	status int
	*fault.Error
}

func bad(status int, f *fault.Error) *badRequest { return &badRequest{status, f} }

// readPost reads a body of application/json. The other types that browsers send without asking first
// (text/plain, urlencoded, multipart) are refused: a foreign page must not be able to write.
func readPost(w http.ResponseWriter, r *http.Request, limit int64) (p params, _ *badRequest) {
	media, attrs, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	charset := strings.ToLower(attrs["charset"])
	if err != nil || media != "application/json" || charset != "" && charset != "utf-8" || r.Header.Get("Content-Encoding") != "" {
		return p, bad(http.StatusUnsupportedMediaType, fault.New(fault.InvalidInput,
			"请以 Content-Type: application/json(UTF-8)发送请求。",
			"Send the request as Content-Type: application/json, in UTF-8."))
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if tooLarge(err) {
		return p, bad(http.StatusRequestEntityTooLarge, exceeded("body", "请求体字节数", "body in bytes", int(limit), int(max(r.ContentLength, limit+1))))
	}
	if err != nil {
		return p, bad(http.StatusBadRequest, fault.New(fault.InvalidInput,
			"请求体没有完整到达,请重发。", "The body did not arrive whole: send it again.").Because(err))
	}
	if trimmed := bytes.TrimLeft(body, " \t\r\n"); len(trimmed) > 0 && trimmed[0] == '[' {
		return p, bad(http.StatusBadRequest, fault.New(fault.InvalidInput,
			"不支持批量请求;一次只发送一个操作。", "Batches are not accepted: send one operation at a time."))
	}
	refusal := decode(body, &p, "")
	return p, refusal
}

// readGet reads the parameters of the address.
func readGet(r *http.Request, limit int64) (p params, _ *badRequest) {
	if int64(len(r.URL.RawQuery)) > limit {
		return p, bad(http.StatusRequestURITooLong, exceeded("body", "请求字节数", "size in bytes", int(limit), len(r.URL.RawQuery)))
	}
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return p, bad(http.StatusBadRequest, fault.New(fault.InvalidInput,
			"地址中的参数无法解析。", "The parameters of the address cannot be read."))
	}
	p.Query, p.OperationName, p.DocumentID = q.Get("query"), q.Get("operationName"), q.Get("documentId")
	for name, target := range map[string]*map[string]any{"variables": &p.Variables, "extensions": &p.Extensions} {
		if text := q.Get(name); text != "" {
			if refusal := decode([]byte(text), target, name); refusal != nil {
				return p, refusal
			}
		}
	}
	return p, nil
}

// decode reads one JSON value. The refusal names the field and never repeats the body, which may hold
// a password.
func decode(body []byte, target any, field string) *badRequest {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	err := d.Decode(target)
	if err == nil && d.More() {
		err = errors.New("more than one value")
	}
	if err == nil {
		return nil
	}
	f := fault.Invalid(field, "请求不是有效的 JSON。", "The request is not valid JSON.")
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		if wrong.Field != "" {
			field = wrong.Field
		}
		f = fault.Invalid(field, "%[1]s 的类型不对,不能是 JSON %[2]s。", "%[1]s has the wrong type: it cannot be a JSON %[2]s.", field, wrong.Value)
	}
	return bad(http.StatusBadRequest, f)
}

func tooLarge(err error) bool {
	_, ok := errors.AsType[*http.MaxBytesError](err)
	return ok
}
