package widget_test

import (
	"testing"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/widget"
)

// TestHours shows whether somebody is there, and until when, on the days on which the
// clock changes too.
func TestHours(t *testing.T) {
	from, to := func(hour, minute int) uint32 { return uint32(60*hour + minute) }, func(hour, minute int) uint32 { return uint32(60*hour + minute) }
	office := func(zone string) *eventv1.OpeningHours {
		hours := &eventv1.OpeningHours{TimeZone: zone}
		for day := eventv1.Weekday_WEEKDAY_MONDAY; day <= eventv1.Weekday_WEEKDAY_FRIDAY; day++ {
			hours.Times = append(hours.Times,
				&eventv1.OpenTime{Weekday: day, FromMinute: from(13, 0), ToMinute: to(17, 30)},
				&eventv1.OpenTime{Weekday: day, FromMinute: from(9, 0), ToMinute: to(12, 0)})
		}
		return hours
	}
	times := func(zone string, times ...*eventv1.OpenTime) *eventv1.OpeningHours {
		return &eventv1.OpeningHours{TimeZone: zone, Times: times}
	}
	sunday, monday := eventv1.Weekday_WEEKDAY_SUNDAY, eventv1.Weekday_WEEKDAY_MONDAY
	night := times("Europe/Berlin",
		&eventv1.OpenTime{Weekday: sunday, FromMinute: from(22, 0), ToMinute: to(24, 0)},
		&eventv1.OpenTime{Weekday: monday, FromMinute: 0, ToMinute: to(6, 0)},
		&eventv1.OpenTime{Weekday: monday, FromMinute: from(5, 0), ToMinute: to(7, 0)},
		&eventv1.OpenTime{Weekday: monday, FromMinute: from(5, 30), ToMinute: to(6, 30)})
	always := times("Europe/Berlin")
	for day := monday; day <= sunday; day++ {
		always.Times = append(always.Times, &eventv1.OpenTime{Weekday: day, FromMinute: 0, ToMinute: to(24, 0)})
	}
	skipped := times("Europe/Berlin", &eventv1.OpenTime{Weekday: sunday, FromMinute: from(2, 15), ToMinute: to(2, 45)})
	for _, c := range []struct {
		what  string
		hours *eventv1.OpeningHours
		now   string
		open  bool
		until string
	}{
		{"nothing is said", nil, "2026-07-01T12:00:00Z", true, ""},
		{"no times", times("Europe/Berlin"), "2026-07-01T12:00:00Z", true, ""},
		{"a zone that nobody knows", office("Europe/Nowhere"), "2026-07-04T12:00:00Z", true, ""},
		{"the zone of this machine", office("Local"), "2026-07-04T12:00:00Z", true, ""},
		{"in the morning", office("Europe/Berlin"), "2026-07-01T10:00:00+02:00", true, "2026-07-01T12:00:00+02:00"},
		{"as it opens", office("Europe/Berlin"), "2026-07-01T09:00:00+02:00", true, "2026-07-01T12:00:00+02:00"},
		{"as it closes", office("Europe/Berlin"), "2026-07-01T12:00:00+02:00", false, "2026-07-01T13:00:00+02:00"},
		{"at night", office("Europe/Berlin"), "2026-07-01T00:00:00+02:00", false, "2026-07-01T09:00:00+02:00"},
		{"after the last of the week", office("Europe/Berlin"), "2026-07-03T17:30:00+02:00", false, "2026-07-06T09:00:00+02:00"},
		{"elsewhere in the world", office("Pacific/Auckland"), "2026-07-05T22:00:00Z", true, "2026-07-06T00:00:00Z"},
		// On 29 March 2026 the clock goes from 2 to 3, on 25 October from 3 to 2.
		{"before the clock goes forward", office("Europe/Berlin"), "2026-03-27T17:30:00+01:00", false, "2026-03-30T09:00:00+02:00"},
		{"before the clock goes back", office("Europe/Berlin"), "2026-10-23T17:30:00+02:00", false, "2026-10-26T09:00:00+01:00"},
		{"in a short night", night, "2026-03-29T22:30:00+02:00", true, "2026-03-30T07:00:00+02:00"},
		{"over midnight", night, "2026-07-05T23:59:59+02:00", true, "2026-07-06T07:00:00+02:00"},
		{"until the same hour of next week", night, "2026-07-06T07:00:00+02:00", false, "2026-07-12T22:00:00+02:00"},
		{"always", always, "2026-07-01T12:00:00Z", true, ""},
		{"always, as the clock goes forward", always, "2026-03-28T12:00:00Z", true, ""},
		{"always, as the clock goes back", always, "2026-10-24T12:00:00Z", true, ""},
		{"an hour that is left out", skipped, "2026-03-22T03:00:00+01:00", false, "2026-03-29T03:15:00+02:00"},
		{"an hour that is shown twice", skipped, "2026-10-25T02:20:00+01:00", true, "2026-10-25T02:45:00+01:00"},
	} {
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		var want time.Time
		if c.until != "" {
			if want, err = time.Parse(time.RFC3339, c.until); err != nil {
				t.Fatal(err)
			}
		}
		if open, until := widget.Hours(c.hours, now); open != c.open || !until.Equal(want) {
			t.Errorf("%s: open %v until %v, not %v until %v", c.what, open, until, c.open, want)
		}
	}
}

// TestHoursOfEveryMinute walks minute by minute through the weeks in which the clock is
// put forward and back, and finds each change where Hours foretold it.
func TestHoursOfEveryMinute(t *testing.T) {
	hours := &eventv1.OpeningHours{TimeZone: "Europe/Berlin", Times: []*eventv1.OpenTime{
		{Weekday: eventv1.Weekday_WEEKDAY_SUNDAY, FromMinute: 60, ToMinute: 200},
		{Weekday: eventv1.Weekday_WEEKDAY_MONDAY, FromMinute: 0, ToMinute: 1440},
		{Weekday: eventv1.Weekday_WEEKDAY_TUESDAY, FromMinute: 0, ToMinute: 1},
		{Weekday: eventv1.Weekday_WEEKDAY_SATURDAY, FromMinute: 1439, ToMinute: 1440},
	}}
	for _, now := range []time.Time{time.Date(2026, 3, 18, 12, 0, 0, 0, time.UTC), time.Date(2026, 10, 14, 12, 0, 0, 0, time.UTC)} {
		open, until := widget.Hours(hours, now)
		changes := 0
		for end := now.AddDate(0, 0, 21); now.Before(end); now = now.Add(time.Minute) {
			isOpen, isUntil := widget.Hours(hours, now)
			switch {
			case now.Before(until) && (isOpen != open || !isUntil.Equal(until)):
				t.Fatalf("at %v it is open %v until %v, before it was %v until %v", now, isOpen, isUntil, open, until)
			case !now.Before(until) && (isOpen == open || !now.Equal(until)):
				t.Fatalf("at %v nothing changes, which was to be at %v", now, until)
			case !now.Before(until):
				changes++
			}
			open, until = isOpen, isUntil
		}
		if changes != 3*6 {
			t.Errorf("it opened and closed %d times", changes)
		}
	}
}
