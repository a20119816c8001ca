package egress

import (
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
)

// Pace is how fast one integration may send.
type Pace struct {
	// Sends is how many sends may begin in a second.
	Sends float64
	// Media is how many sends one with audio or video counts as; 1 if 0.
	Media int
}

// DefaultPaces are the paces of the channels: what the providers allow to one
// number, page or account. Messenger would take 300 texts a second, but its inbox
// breaks above 40; of audio and video Messenger and Instagram take 10.
func DefaultPaces() map[string]Pace {
	return map[string]Pace{
		"whatsapp":  {Sends: 80},
		"messenger": {Sends: 40, Media: 4},
		"instagram": {Sends: 100, Media: 10},
	}
}

// defaultPace is that of a channel without one.
var defaultPace = Pace{Sends: 40}

// Breaker says when an integration is given a rest.
type Breaker struct {
	// Failures in a row break it: time-outs, network errors, answers without
	// sense. Refusals do not count. 5 if 0.
	Failures int
	// OpenFor is how long nothing is sent then, before one send tries again;
	// 15 s if 0.
	OpenFor time.Duration
}

// weight is how many sends a send counts as.
func (p Pace) weight(send *ingressv1.Send) int {
	for _, part := range send.GetContent().GetParts() {
		switch part.GetMedia().GetKind() {
		case eventv1.MediaKind_MEDIA_KIND_AUDIO, eventv1.MediaKind_MEDIA_KIND_VOICE, eventv1.MediaKind_MEDIA_KIND_VIDEO:
			return max(1, p.Media)
		}
	}
	return 1
}
