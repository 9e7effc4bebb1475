package local

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// progress tells a person what takes long. The zero value is silent.
type progress struct{ w io.Writer }

func (p progress) line(format string, args ...any) {
	if p.w != nil {
		_, _ = fmt.Fprintf(p.w, format+"\n", args...)
	}
}

// step announces something that usually takes less than a second: the line is only written if it
// takes longer. The caller calls done at its end.
func (p progress) step(format string, args ...any) (done func()) {
	if p.w == nil {
		return func() {}
	}
	var mu sync.Mutex
	over := false
	timer := time.AfterFunc(time.Second, func() {
		mu.Lock()
		defer mu.Unlock()
		if !over {
			p.line(format, args...)
		}
	})
	return func() {
		timer.Stop()
		mu.Lock()
		defer mu.Unlock()
		over = true
	}
}
