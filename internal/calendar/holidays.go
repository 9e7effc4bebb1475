package calendar

import (
	"sync"
	"time"

	"github.com/6tail/lunar-go/HolidayUtil"
)

// Holidays says whether a day is a working day by law; known is false where it has nothing to say
// and the week decides.
type Holidays func(Day) (working, known bool)

// China is the calendar of the State Council: public holidays, and the weekend days that are worked
// to make up for them. It reaches from 2002 to the last year that was published when the library
// was released (ChinaKnown says which); beyond it nothing is known and Monday to Friday are worked,
// until the library is updated or the estate enters the days as overrides.
func China(d Day) (working, known bool) {
	working, known = china().days[d]
	return working, known
}

// ChinaKnown is the first and the last year that China knows in full.
func ChinaKnown() (first, last int) {
	table := china()
	return table.first, table.last
}

type table struct {
	days        map[Day]bool
	first, last int
}

// china copies the library's table once. HolidayUtil searches a string held in a package variable,
// which its Fix replaces without a lock: read here, behind sync.Once, and never again.
var china = sync.OnceValue(func() table {
	t := table{days: make(map[Day]bool), first: 2002}
	for year := t.first; ; year++ {
		list := HolidayUtil.GetHolidaysByYear(year)
		if list.Len() == 0 {
			return t
		}
		for e := list.Front(); e != nil; e = e.Next() {
			holiday := e.Value.(*HolidayUtil.Holiday)
			if day, err := ParseDay(holiday.GetDay()); err == nil {
				t.days[day] = holiday.IsWork()
			}
		}
		// The New Year holiday alone may be in the list of the year before.
		if _, ok := t.days[Date(year, time.October, 1)]; ok {
			t.last = year
		}
	}
})
