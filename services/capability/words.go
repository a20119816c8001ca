package capability

import (
	"strconv"
	"strings"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// placeText returns a place as text: its name, its address, and a map of where
// it is.
func placeText(l *eventv1.Location) string {
	north := strconv.FormatFloat(l.GetLatitude(), 'f', -1, 64)
	east := strconv.FormatFloat(l.GetLongitude(), 'f', -1, 64)
	return lines(l.GetName(), l.GetAddress(),
		"https://www.openstreetmap.org/?mlat="+north+"&mlon="+east+"#map=16/"+north+"/"+east)
}

// cardsText returns address cards as text, an empty line between them.
func cardsText(cards *eventv1.ContactCards) string {
	var all []string
	for _, c := range cards.GetCards() {
		card := []string{c.GetName(), c.GetOrganisation()}
		card = append(append(card, c.GetPhones()...), c.GetEmails()...)
		if text := lines(card...); text != "" {
			all = append(all, text)
		}
	}
	return strings.Join(all, "\n\n")
}

// lines joins what is not empty.
func lines(all ...string) string {
	var set []string
	for _, line := range all {
		if line = strings.TrimSpace(line); line != "" {
			set = append(set, line)
		}
	}
	return strings.Join(set, "\n")
}
