package registers

import "fmt"

// Decimal writes hundredths with two decimals: 11327 is 113.27.
func Decimal(hundredths int64) string {
	sign := ""
	magnitude := uint64(hundredths)
	if hundredths < 0 {
		sign, magnitude = "-", -magnitude
	}
	return fmt.Sprintf("%s%d.%02d", sign, magnitude/100, magnitude%100)
}
