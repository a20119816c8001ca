package widget

import "errors"

// ErrToken is returned for a text that is no session's token. It does not say
// what is wrong with it.
var ErrToken = errors.New("widget: not a session's token")
