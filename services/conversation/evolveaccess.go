package conversation

import eventv1 "weiche/proto/gen/weiche/event/v1"

// evolveAccess folds who may come in.
func (s *State) evolveAccess(e Event) {
	switch e.Body.(type) {
	case *eventv1.PasswordSet, *eventv1.LoginLinkMade, *eventv1.SessionOpened, *eventv1.SessionEnded,
		*eventv1.ApiKeyCreated, *eventv1.ApiKeyUsed, *eventv1.ApiKeyRevoked, *eventv1.VisitorSessionEnded:
	default:
		panic(unknown(e))
	}
}
