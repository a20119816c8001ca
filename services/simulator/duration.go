package simulator

import (
	"fmt"
	"time"
)

// Duration is a time.Duration that JSON writes as "1m30s".
type Duration time.Duration

// MarshalText returns the form of time.Duration.String.
func (d Duration) MarshalText() ([]byte, error) {
	return []byte(time.Duration(d).String()), nil
}

// UnmarshalText reads the form of time.ParseDuration and refuses negative ones.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%w: duration %q", ErrInvalid, text)
	}
	if v < 0 {
		return fmt.Errorf("%w: negative duration %q", ErrInvalid, text)
	}
	*d = Duration(v)
	return nil
}
