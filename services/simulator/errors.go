package simulator

import (
	"errors"
	"fmt"
)

var (
	// ErrConfig is returned for a configuration that contradicts itself.
	ErrConfig = errors.New("simulator: bad configuration")
	// ErrInvalid is returned for a control request that makes no sense.
	ErrInvalid = errors.New("simulator: invalid request")
	// ErrNotFound is returned for a person, integration, app, message, button,
	// fault or delivery that does not exist.
	ErrNotFound = errors.New("simulator: not found")
	// ErrExists is returned when a name or an address is taken.
	ErrExists = errors.New("simulator: exists already")
	// ErrTimeout is returned when what was waited for did not happen in time.
	ErrTimeout = errors.New("simulator: timed out waiting")
	// ErrRunning is returned by Run while another Run is active.
	ErrRunning = errors.New("simulator: already running")
)

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrInvalid, fmt.Sprintf(format, args...))
}

func notFound(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrNotFound, fmt.Sprintf(format, args...))
}
