package conversation

import (
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// The bounds of how a widget looks, and of what it says by itself.
const (
	maxWidgetTitle = 60
	maxWidgetText  = 500
	maxLanguages   = 20
	maxLanguageTag = 35
	maxZone        = 64
	maxOpenTimes   = 50
	minutesOfDay   = 24 * 60
)

// checkAppearance refuses what a page could not show. Whether there is a time zone of
// that name is for the caller to say, who has the list of them.
func checkAppearance(widgetID string, a *eventv1.Appearance) error {
	if title := a.GetTitle(); utf8.RuneCountInString(title) > maxWidgetTitle || strings.ContainsFunc(title, unicode.IsControl) {
		return refuse(invalid, "widget %q: title has at most %d characters, and no control characters", widgetID, maxWidgetTitle)
	}
	if !isColour(a.GetAccent()) {
		return refuse(invalid, "widget %q: accent is a colour as #rrggbb", widgetID)
	}
	if _, known := eventv1.ReplyTime_name[int32(a.GetReplyTime())]; !known {
		return refuse(invalid, "widget %q: reply_time is none that there is", widgetID)
	}
	if err := checkWords(widgetID, "greeting", a.GetGreeting()); err != nil {
		return err
	}
	if err := checkWords(widgetID, "away", a.GetAway()); err != nil {
		return err
	}
	return checkHours(widgetID, a.GetHours())
}

// isColour says whether a text is a colour, or nothing.
func isColour(text string) bool {
	digits, ok := strings.CutPrefix(text, "#")
	return text == "" || ok && len(digits) == 6 && strings.Trim(digits, "0123456789abcdefABCDEF") == ""
}

// checkWords refuses texts that are too long, or of no language.
func checkWords(widgetID, field string, words map[string]string) error {
	if len(words) > maxLanguages {
		return refuse(invalid, "widget %q: %s is said in at most %d languages", widgetID, field, maxLanguages)
	}
	for _, language := range slices.Sorted(maps.Keys(words)) {
		if !isLanguage(language) {
			return refuse(invalid, "widget %q: %s: %.40q is no BCP 47 tag", widgetID, field, language)
		}
		text := words[language]
		if strings.TrimSpace(text) == "" || utf8.RuneCountInString(text) > maxWidgetText || strings.ContainsFunc(text, unprintable) {
			return refuse(invalid, "widget %q: %s in %q has 1 to %d characters, and no control characters but line breaks", widgetID, field, language, maxWidgetText)
		}
	}
	return nil
}

// unprintable says whether a character has no place in a text.
func unprintable(r rune) bool { return unicode.IsControl(r) && r != '\n' }

// isLanguage says whether a text has the form of a language tag.
func isLanguage(text string) bool {
	return len(text) >= 2 && len(text) <= maxLanguageTag && text[0] != '-' &&
		strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == ""
}

// checkHours refuses times that no week has.
func checkHours(widgetID string, hours *eventv1.OpeningHours) error {
	if hours == nil {
		return nil
	}
	if zone := hours.GetTimeZone(); len(zone) < 1 || len(zone) > maxZone {
		return refuse(invalid, "widget %q: hours: time_zone is missing, as Europe/Berlin", widgetID)
	}
	if len(hours.GetTimes()) > maxOpenTimes {
		return refuse(invalid, "widget %q: hours: there are more than %d times", widgetID, maxOpenTimes)
	}
	for _, open := range hours.GetTimes() {
		if _, known := eventv1.Weekday_name[int32(open.GetWeekday())]; !known || open.GetWeekday() == 0 {
			return refuse(invalid, "widget %q: hours: a time is of no day of the week", widgetID)
		}
		if open.GetFromMinute() >= open.GetToMinute() || open.GetToMinute() > minutesOfDay {
			return refuse(invalid, "widget %q: hours: a time begins before it ends, in one day", widgetID)
		}
	}
	return nil
}
