package broker

import "slices"

// Permissions are what a user of the server may do: subjects with the wildcards of
// NATS. What is in no list is refused.
type Permissions struct {
	Publish, Subscribe []string
	// Answers lets the user answer what comes to it, once each.
	Answers bool
}

// permissions is the table of who may do what: it is all that tells one role from
// another, and the router takes the subject's word for it.
func permissions(role Role) Permissions {
	switch role {
	case RoleAdapters:
		return Permissions{
			Publish:   []string{subjectIngress + "." + partition + ".channel.*.*", subjectQueries + ".adapters.*.*"},
			Subscribe: []string{subjectEvents + ".*.account.*"},
		}
	case RoleAPI:
		return Permissions{
			Publish: append(reads(streamEvents),
				subjectIngress+"."+partition+".widget.*.*", subjectIngress+"."+partition+".api.*.*",
				subjectQueries+".api.*.*", subjectSignals+".*.*.*"),
			Subscribe: []string{subjectEvents + ".*.*.*", subjectSignals + ".*.*.*", subjectAPI + ".*.*.*.*", "$SRV.>"},
			Answers:   true,
		}
	case RoleEgress:
		return Permissions{
			Publish: slices.Concat(takes(streamEgress), takes(streamFetch),
				[]string{subjectOutcomes + "." + partition + ".*.*", subjectQueries + ".egress.*.*"}),
			Subscribe: []string{
				subjectShown + ".*.*.*", subjectWanted + ".*.*.*", subjectEvents + ".*.account.*", subjectQueries + ".api.*.templates", subjectQueries + ".api.*.check-integration", "$SRV.>",
			},
			Answers: true,
		}
	case RoleRouter:
		return Permissions{
			Publish: []string{
				subjectEvents + ".*.*.*", subjectEgress + ".*.*.*", subjectFetch + ".*.*.*", subjectShown + ".*.*.*",
				subjectWanted + ".*.*.*", receiptPrefix + ">", "$KV." + bucketLeases + ".>", "$JS.API.>",
				"$JS.ACK." + streamIngress + ".>", "$JS.ACK." + streamOutcomes + ".>",
				// What operators ask of it is decided as what administrators do.
				subjectIngress + "." + partition + ".api.*.*",
			},
			Subscribe: []string{
				subjectSignals + ".*.*." + byAgent, "$SRV.>",
				subjectQueries + ".adapters.*.*", subjectQueries + ".api.*.*", subjectQueries + ".egress.*.*",
				subjectEvents + ".*.account.*", subjectEvents + ".*.access.*",
			},
			Answers: true,
		}
	}
	return Permissions{}
}

// reads is what it takes to read a stream in order.
func reads(stream string) []string {
	return []string{
		"$JS.API.STREAM.INFO." + stream, "$JS.API.STREAM.MSG.GET." + stream, "$JS.API.CONSUMER.CREATE." + stream + ".>",
		"$JS.API.CONSUMER.INFO." + stream + ".*", "$JS.API.CONSUMER.DELETE." + stream + ".*", "$JS.API.CONSUMER.MSG.NEXT." + stream + ".*",
	}
}

// takes is what it takes to share what is on a stream.
func takes(stream string) []string {
	return []string{
		"$JS.API.STREAM.INFO." + stream, "$JS.API.CONSUMER.CREATE." + stream + ".>", "$JS.API.CONSUMER.DURABLE.CREATE." + stream + ".*",
		"$JS.API.CONSUMER.INFO." + stream + ".*", "$JS.API.CONSUMER.MSG.NEXT." + stream + ".*", "$JS.ACK." + stream + ".>",
	}
}

// User is a user of the server.
type User struct {
	// Name is what the file with its key is called.
	Name string
	Permissions
}

// UserOf returns the user of a process with some roles: it may do what they may, and
// hears what comes back to it and to nobody else.
func UserOf(roles []Role) User {
	user := User{Name: userOf(roles)}
	for _, role := range roles {
		may := permissions(role)
		user.Publish = append(user.Publish, may.Publish...)
		user.Subscribe = append(user.Subscribe, may.Subscribe...)
		user.Answers = user.Answers || may.Answers
	}
	return user.distinct()
}

// distinct adds what each user has of its own, and says everything once.
func (u User) distinct() User {
	u.Subscribe = append(u.Subscribe, inboxPrefix+u.Name+".>", receiptPrefix+u.Name+".>")
	for _, list := range []*[]string{&u.Publish, &u.Subscribe} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return u
}
