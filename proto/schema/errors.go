package schema

import (
	"errors"
	"fmt"
)

// ErrLater is what every [*LaterError] is.
var ErrLater = errors.New("schema: written by a later version")

// LaterError is returned for an event that a later version of this program wrote:
// its type is not known here, or not at this version. The bytes are good; they
// have to be kept as they are, and shown.
type LaterError struct {
	// Type and Version are the record's.
	Type    string
	Version uint32
	// Known is the newest version of the type that is known; 0 where the type
	// is not.
	Known uint32
}

// Error names the type and the version.
func (e *LaterError) Error() string {
	if e.Known == 0 {
		return fmt.Sprintf("type %q (schema version %d) is not known: it was written by a later version", e.Type, e.Version)
	}
	return fmt.Sprintf("type %q has schema version %d and is known up to %d: it was written by a later version",
		e.Type, e.Version, e.Known)
}

// Is makes it an [ErrLater].
func (e *LaterError) Is(target error) bool { return target == ErrLater }
