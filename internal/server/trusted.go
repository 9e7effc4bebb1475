package server

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/steward-pm/steward/internal/fault"
)

// trusted are the documents that may be executed, by the SHA-256 of their text; nil allows all.
type trusted map[string]string

// loadTrusted reads every *.graphql of the folder; dir "" gives nil. A folder without any is an error:
// it would refuse everything.
func loadTrusted(dir string) (_ trusted, err error) {
	defer fault.Wrap(&err, "trusted documents")
	if dir == "" {
		return nil, nil
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.graphql"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no *.graphql file in %s", dir)
	}
	docs := trusted{}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		// Editors end files with a line feed that clients do not send: both hashes name the document.
		trimmed := strings.TrimSpace(string(text))
		docs[digest(string(text))], docs[digest(trimmed)] = trimmed, trimmed
	}
	return docs, nil
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// resolve returns the text to execute for what a client sent: a text, the hash of one, or both.
func (t trusted) resolve(text, id string) (string, *fault.Error) {
	id = strings.ToLower(strings.TrimPrefix(id, "sha256:"))
	switch {
	case t == nil && text == "" && id != "":
		return "", fault.Invalid("documentId",
			"本服务不保存查询文档;请发送完整的 query。",
			"No documents are kept here: send the query itself.")
	case t == nil && text == "":
		return "", fault.Invalid("query", "缺少 query。", "The query is missing.")
	case t == nil:
		return text, nil
	}
	if id == "" {
		id = digest(strings.TrimSpace(text))
	}
	doc, ok := t[id]
	if !ok || text != "" && strings.TrimSpace(text) != doc {
		return "", fault.Denied(
			"本服务只执行登记过的查询文档,这一份不在其中。",
			"Only registered documents are executed here, and this is not one of them.")
	}
	return doc, nil
}
