package conversation

import (
	"maps"
	"slices"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// AbandonSends says that the log was restored from a backup: nobody knows what
// became of the sends of an identity that had not ended then. They are never sent
// again by themselves.
type AbandonSends struct {
	Header
	IdentityID string
}

// AbandonSessions says that the log was restored from a backup: nobody knows which
// sessions of an account's agents were ended after it was made, and which login links
// were used, so all of them end.
type AbandonSessions struct {
	Header
}

// RecordRestore says that everything that was under way in a restored log has been
// ended.
type RecordRestore struct {
	Header
	// FromIncarnation is the log that the backup is of, LastPosition the last
	// event that was restored, Head where that log ended.
	FromIncarnation    string
	LastPosition, Head uint64
	RestoredAt         time.Time
	// UnknownSends is how many sends were abandoned.
	UnknownSends uint32
}

// abandon makes every send unknown that has not ended, and empties the lane: none
// of them is behind another any more. One that is unknown already ends as it would
// have.
func (d *decider) abandon(c *AbandonSends) error {
	i := d.identity(c.IdentityID)
	if i == nil {
		return refuse(notFound, "there is no such identity")
	}
	why := &eventv1.SendError{Reason: "restored"}
	for _, send := range slices.Clone(i.lane) {
		if send.State == SendUnknown {
			continue
		}
		unknown := &eventv1.SendOutcomeUnknown{
			SendId: send.ID, Attempt: send.Attempt, IdentityId: i.id, Error: why, Origin: send.Origin,
			AskAt: stamp(d.askAt(send)),
		}
		switch send.State {
		case SendClaimed:
			unknown.OutcomeDue = stamp(send.Due)
		case SendDeferred:
			unknown.RetryAt = stamp(send.Due)
		}
		d.emit(i.stream(), unknown)
		d.emit(i.stream(), &eventv1.LaneReleased{SendId: send.ID, IdentityId: i.id})
		d.came(send.Origin, MessageUnknown, d.head.Now, why)
	}
	i.lane = slices.DeleteFunc(i.lane, func(s Send) bool { return s.State != SendUnknown })
	return nil
}

// abandonSessions ends every session and every login link of every agent.
func (d *decider) abandonSessions() error {
	a := d.accessOf()
	for _, id := range slices.Sorted(maps.Keys(a.access.Sessions)) {
		a.emit(a.stream, &eventv1.SessionEnded{SessionId: id, Reason: eventv1.SessionEnd_SESSION_END_RESTORED})
	}
	for _, id := range slices.Sorted(maps.Keys(a.access.Links)) {
		a.emit(a.stream, &eventv1.LoginLinkEnded{LinkId: id})
	}
	return nil
}

// restored writes a restore down.
func (d *decider) restored(c *RecordRestore) error {
	d.emit(Stream{CategoryInstallation, "log"}, &eventv1.LogRestored{
		FromIncarnation: c.FromIncarnation, LastPosition: c.LastPosition, Head: c.Head,
		RestoredAt: stamp(c.RestoredAt), UnknownSends: c.UnknownSends,
	})
	return nil
}
