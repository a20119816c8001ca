package main

import (
	"fmt"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// appearanceFile is how a set-up file says how a widget looks, and what it says by
// itself.
type appearanceFile struct {
	Title     string            `yaml:"title"`
	Greeting  map[string]string `yaml:"greeting"`
	Accent    string            `yaml:"accent"`
	ReplyTime string            `yaml:"reply_time"`
	Away      map[string]string `yaml:"away"`
	Hours     *struct {
		TimeZone string `yaml:"time_zone"`
		Times    []struct {
			Days []string `yaml:"days"`
			From string   `yaml:"from"`
			To   string   `yaml:"to"`
		} `yaml:"times"`
	} `yaml:"hours"`
}

// read returns what the file says; nothing where it says nothing.
func (f *appearanceFile) read() (*eventv1.Appearance, error) {
	if f == nil {
		return nil, nil
	}
	replies, err := enumValue(eventv1.ReplyTime_value, "REPLY_TIME_", "reply_time", f.ReplyTime)
	if err != nil {
		return nil, err
	}
	appearance := &eventv1.Appearance{
		Title: f.Title, Greeting: f.Greeting, Accent: f.Accent, ReplyTime: eventv1.ReplyTime(replies), Away: f.Away,
	}
	if f.Hours == nil {
		return appearance, nil
	}
	appearance.Hours = &eventv1.OpeningHours{TimeZone: f.Hours.TimeZone}
	for _, t := range f.Hours.Times {
		from, err := minuteOf(t.From)
		if err != nil {
			return nil, err
		}
		to, err := minuteOf(t.To)
		if err != nil {
			return nil, err
		}
		if len(t.Days) == 0 {
			return nil, fmt.Errorf("hours: %s to %s is on no days", t.From, t.To)
		}
		for _, day := range t.Days {
			weekday, err := enumValue(eventv1.Weekday_value, "WEEKDAY_", "days", day)
			if err != nil || weekday == 0 {
				return nil, fmt.Errorf("hours: %q is no day of the week", day)
			}
			appearance.Hours.Times = append(appearance.Hours.Times, &eventv1.OpenTime{
				Weekday: eventv1.Weekday(weekday), FromMinute: from, ToMinute: to,
			})
		}
	}
	return appearance, nil
}

// minuteOf reads a time of the day: 00:00 to 24:00, in minutes after midnight.
func minuteOf(text string) (uint32, error) {
	if text == "24:00" {
		return 24 * 60, nil
	}
	at, err := time.Parse("15:04", text)
	if err != nil {
		return 0, fmt.Errorf("hours: %q is no time as 09:30", text)
	}
	return uint32(60*at.Hour() + at.Minute()), nil
}
