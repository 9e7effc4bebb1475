package server

import (
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/steward-pm/steward/internal/fault"
)

// transfer is the way of an upload, a download or an export: the gate, then the account's share of it.
func (s *Server) transfer(next http.HandlerFunc) http.HandlerFunc {
	return s.admit(s.transfers, s.cfg.TransferTimeout, func(w http.ResponseWriter, r *http.Request) {
		giveBack, err := s.shares.take(s.parts.Account(r.Context()))
		if err != nil {
			s.refuse(w, r, 0, err)
			return
		}
		defer giveBack()
		next(w, r)
	})
}

// shares bounds how many transfers, or subscriptions, one account has at once: nobody takes all places from the others.
type shares struct {
	most   int
	refuse func(most int) *fault.Error
	mu     sync.Mutex
	taken  map[string]int
}

func newShares(most int, refuse func(most int) *fault.Error) *shares {
	return &shares{most: most, refuse: refuse, taken: map[string]int{}}
}

func tooManyTransfers(most int) *fault.Error {
	return fault.Busy(retryAfter, "本账号同时进行的上传、下载、导出和导入不能超过 %[1]d 个;请等其中一个完成后再试。",
		"One account may have at most %[1]d uploads, downloads, exports and imports at once: try again when one has ended.", most)
}

// take returns the function that gives the share back, or RATE_LIMITED. Who is not signed in has no
// share to use up: such a request is refused as soon as it is understood.
func (s *shares) take(account string) (giveBack func(), err error) {
	if account == "" {
		return func() {}, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken[account] >= s.most {
		return nil, s.refuse(s.most)
	}
	s.taken[account]++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.taken[account]--; s.taken[account] == 0 {
			delete(s.taken, account)
		}
	}, nil
}

// lively is a body that fails with os.ErrDeadlineExceeded when nothing arrives for UploadIdle.
func (s *Server) lively(w http.ResponseWriter, r *http.Request, body io.Reader) io.Reader {
	end, _ := r.Context().Deadline() // admit sets it
	return &livelyBody{body, http.NewResponseController(w), s.cfg.UploadIdle, end}
}

type livelyBody struct {
	io.Reader
	connection *http.ResponseController
	idle       time.Duration
	end        time.Time // of the whole transfer
}

func (l *livelyBody) Read(p []byte) (int, error) {
	until := time.Now().Add(l.idle) //nolint:forbidigo // the kernel's deadlines know no other clock
	if until.After(l.end) {
		until = l.end
	}
	_ = l.connection.SetReadDeadline(until) // not on recorders, which need none
	n, err := l.Reader.Read(p)
	if err == io.EOF {
		// The server goes on listening for the client's leaving, for which it may take its time.
		_ = l.connection.SetReadDeadline(l.end)
	}
	return n, err
}

func (s *Server) stalled() *fault.Error {
	return fault.Busy(retryAfter, "上传中断:%[1]d 秒内没有收到数据;请检查网络后重新上传。",
		"The upload stalled: nothing arrived for %[1]d seconds; check the connection and upload again.", int(s.cfg.UploadIdle.Seconds()))
}
