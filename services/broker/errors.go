package broker

import "errors"

var (
	// ErrNoAnswer is returned by Publish and Ask when no answer came in time.
	// Nothing is known then; the context's error is wrapped.
	ErrNoAnswer = errors.New("broker: no answer")
	// ErrOverloaded is returned at once when a stream is full, the log takes
	// nothing, or too much is asked at a time. Nothing was taken.
	ErrOverloaded = errors.New("broker: stream is full")
	// ErrTooLarge is returned for a message above the server's max_payload.
	ErrTooLarge = errors.New("broker: message too large")
	// ErrUnavailable is returned when the server cannot be reached or has no
	// such stream. Whether it took the message is not known.
	ErrUnavailable = errors.New("broker: unavailable")
	// ErrClosed is returned by calls after Close.
	ErrClosed = errors.New("broker: closed")
	// ErrName is returned for an account, a source or another part of a subject
	// that is empty, too long, or not made of letters, digits, - and _ alone.
	ErrName = errors.New("broker: not a name")
	// ErrPayload is returned by Start for a server with too small a max_payload.
	ErrPayload = errors.New("broker: max_payload is too small")
	// ErrJetStream is returned by Start for a server without JetStream, or with too
	// little room for the streams.
	ErrJetStream = errors.New("broker: JetStream")
	// ErrPermissions is returned by Start where the server refuses what the roles need:
	// the credentials are another user's.
	ErrPermissions = errors.New("broker: not the credentials of these roles")
	// ErrRole is returned by ParseRoles for what is no role.
	ErrRole = errors.New("broker: not a role")
	// ErrInboxLost is returned by Next when somebody deleted the inbox's
	// consumers: another router has taken over.
	ErrInboxLost = errors.New("broker: inbox was taken over")
	// ErrRouterRunning is returned by AcquireRouter while another router holds
	// the lease. The error names it.
	ErrRouterRunning = errors.New("broker: a router is running")
	// ErrOutOfOrder is returned by PublishEvent and FlushEvents when EVENTS does
	// not continue where this relay left it: another one writes, or the stream
	// was made anew. LastEvent says where to go on.
	ErrOutOfOrder = errors.New("broker: EVENTS was changed by another")
)
