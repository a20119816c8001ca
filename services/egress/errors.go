package egress

import "errors"

// ErrConfig is returned by New for a config that lacks something; the error
// names it.
var ErrConfig = errors.New("egress: incomplete config")

// errAnswer is the error of an answer that says nothing of the command.
var errAnswer = errors.New("egress: not an answer")

// errToken is the error where an integration has no token.
var errToken = errors.New("egress: the integration has no token")
