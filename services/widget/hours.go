package widget

import (
	"cmp"
	"slices"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// A week, and what lies between it and the days that are looked at: who is there for
// longer than that is always there.
const (
	daysAhead = 8
	aWeek     = 7*24*time.Hour + 12*time.Hour
)

// Zone returns a time zone by its name in the IANA database, and whether there is one.
// That of this machine is none.
func Zone(name string) (*time.Location, bool) {
	if name == "" || name == "Local" {
		return nil, false
	}
	zone, err := time.LoadLocation(name)
	return zone, err == nil
}

// Hours says whether somebody is there at a time, and until when that stays so; never
// is the zero time. Hours without times, and in a zone that nobody knows, are always.
// Times are those of the clock on the wall: where that is put forward or back, a day is
// an hour shorter or longer, and a time that it leaves out or shows twice is one of the
// two that it could be.
func Hours(hours *eventv1.OpeningHours, now time.Time) (open bool, until time.Time) {
	zone, ok := Zone(hours.GetTimeZone())
	if !ok || len(hours.GetTimes()) == 0 {
		return true, time.Time{}
	}
	spans := spansAround(hours.GetTimes(), now.In(zone))
	for _, s := range spans {
		switch {
		case now.Before(s.from):
			return false, s.from
		case !now.Before(s.to):
		case s.to.Sub(now) > aWeek:
			return true, time.Time{}
		default:
			return true, s.to
		}
	}
	return true, time.Time{} // no week is without any of its times
}

// span is a time in which somebody is there.
type span struct{ from, to time.Time }

// spansAround returns those of the days around a time, in their order, of which none
// touches another.
func spansAround(times []*eventv1.OpenTime, now time.Time) []span {
	year, month, day := now.Date()
	var spans []span
	for ahead := -1; ahead <= daysAhead; ahead++ {
		at := func(minute uint32) time.Time {
			return time.Date(year, month, day+ahead, 0, int(minute), 0, 0, now.Location())
		}
		today := weekday(at(12 * 60))
		for _, t := range times {
			s := span{at(t.GetFromMinute()), at(t.GetToMinute())}
			// A time of an hour that the clock leaves out may be none.
			if t.GetWeekday() == today && s.from.Before(s.to) {
				spans = append(spans, s)
			}
		}
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Or(a.from.Compare(b.from), a.to.Compare(b.to)) })
	var joined []span
	for _, s := range spans {
		if last := len(joined) - 1; last >= 0 && !s.from.After(joined[last].to) {
			if s.to.After(joined[last].to) {
				joined[last].to = s.to
			}
			continue
		}
		joined = append(joined, s)
	}
	return joined
}

// weekday returns the day of the week as hours name it.
func weekday(t time.Time) eventv1.Weekday {
	return eventv1.Weekday((int(t.Weekday())+6)%7 + 1)
}
