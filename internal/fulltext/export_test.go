package fulltext

import "time"

// Within has files read for so long only, until the function that it gives is called.
func Within(d time.Duration) (restore func()) {
	was := maxTime
	maxTime = d
	return func() { maxTime = was }
}
