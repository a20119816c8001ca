package channel

import (
	"context"
	"errors"
)

// ErrNoIntegration is returned for an integration that an account does not have.
var ErrNoIntegration = errors.New("channel: no such integration")

// Templates is what a Sender also is whose channel has message templates.
type Templates interface {
	// Templates returns the approved templates of an integration in the
	// provider's order. The error is a *SendError.
	Templates(ctx context.Context, integration Integration) ([]Template, error)
}

// Template is a message that the provider approved, with holes to be filled.
type Template struct {
	// Name and Language, the provider's code, name it together.
	Name, Language string
	// Category is the provider's word: UTILITY, MARKETING, AUTHENTICATION.
	Category string
	// Components are its pieces in the provider's order.
	Components []TemplateComponent
}

// TemplateComponent is a piece of a template.
type TemplateComponent struct {
	// Type is the provider's word: HEADER, BODY, FOOTER, BUTTONS.
	Type string
	// Format is the provider's word for what a header holds: TEXT, IMAGE, ...
	Format string
	// Text is the text with its holes.
	Text string
	// Parameters is how many values have to be given for it.
	Parameters int
	// Names are the names of the parameters, in order, where they have names
	// and not numbers.
	Names []string
	// Buttons are the buttons of a component that holds some.
	Buttons []TemplateButton
}

// TemplateButton is a button of a template.
type TemplateButton struct {
	// Type is the provider's word: QUICK_REPLY, URL, PHONE_NUMBER, COPY_CODE, ...
	Type string
	// Text is what is written on it.
	Text string
	// URL is where it leads, with its hole.
	URL string
	// Parameters is how many values have to be given for it.
	Parameters int
}
