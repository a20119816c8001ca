package broker

import (
	"fmt"
	"strings"
)

// Integrator returns the user of a back end of an account, which comes in the name of an
// API key: it asks for what the key may do, and reads what happens in the account by a
// consumer of its own. The error is ErrName.
func Integrator(account, key string) (User, error) {
	if err := checkOwn(account, key); err != nil {
		return User{}, err
	}
	consumer := "integrator_" + account + "_" + key
	user := User{Name: integratorName(account, key)}
	user.Publish = append(owns(streamEvents, consumer, subjectEvents+"."+account+".>"), subjectAPI+"."+account+"."+key+".*.*")
	user.Subscribe = []string{subjectEvents + "." + account + ".*.*"}
	return user.distinct(), nil
}

// Adapter returns the user of an adapter beside the processes of Weiche: it brings what
// comes in over one integration, and takes what is to be sent over it. The error is
// ErrName.
func Adapter(channel, account, integration string) (User, error) {
	if err := checkOwn(channel, account, integration); err != nil {
		return User{}, err
	}
	consumer := "adapter_" + channel + "_" + account + "_" + integration
	user := User{Name: "adapter." + channel + "." + account + "." + integration}
	user.Publish = append(owns(streamEgress, consumer, subjectEgress+"."+channel+"."+account+"."+integration),
		subjectIngress+"."+partition+".channel."+account+"."+integration,
		subjectOutcomes+"."+partition+"."+account+"."+integration)
	return user.distinct(), nil
}

// owns is what it takes to read what is on one subject of a stream by one consumer. Its
// name and its filter are in the subject that makes it, and the server refuses one that
// says otherwise.
func owns(stream, consumer, filter string) []string {
	return []string{
		"$JS.API.CONSUMER.CREATE." + stream + "." + consumer + "." + filter,
		"$JS.API.CONSUMER.INFO." + stream + "." + consumer, "$JS.API.CONSUMER.DELETE." + stream + "." + consumer,
		"$JS.API.CONSUMER.MSG.NEXT." + stream + "." + consumer, "$JS.ACK." + stream + "." + consumer + ".>",
	}
}

// integratorName is what the user of a back end is called in the subjects that are its
// own. The parts are tokens, so that no two users share a name.
func integratorName(account, key string) string { return "integrator." + account + "." + key }

// checkOwn is checkNames for names of which that of a consumer is made: what stands
// between them is in none.
func checkOwn(names ...string) error {
	for _, name := range names {
		if strings.Contains(name, "_") {
			return fmt.Errorf("%w: %.*q", ErrName, maxName, name)
		}
	}
	return checkNames(names...)
}
