// Package channeltest is what every channel has to keep, whatever its provider
// says: Exercise runs it against a Reader and a Sender. Most of it holds for any
// channel over HTTP; what the Graph API has of its own is asked only of channels
// whose errors are of its form.
package channeltest

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/cockroachdb/datadriven"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
)

// Setup is a channel and what the suite has to know of it.
type Setup struct {
	// Reader is the channel's reader.
	Reader channel.Reader
	// Bodies are webhooks that it reads.
	Bodies [][]byte
	// Entries is the name of the array at the top of a body whose elements say the
	// same alone and together; entry if empty.
	Entries string
	// Lists are the names of the arrays that hold items, at any depth.
	Lists []string
	// Strict says that this provider never writes a number as a string or the
	// other way round: an item that does is unreadable.
	Strict bool

	// Sender returns the channel's sender for a Graph API at an address.
	Sender func(t *testing.T, url string) channel.Sender
	// Send is a message that it can send.
	Send *ingressv1.Send
	// Path is where it is to be posted.
	Path string
	// Body is the JSON that is to be posted.
	Body string
	// Answer is what the provider answers when it took the message.
	Answer string
	// ID is the id of the message in Answer.
	ID string
	// Errors are answers of the provider that refuse the message, all of the Graph
	// API or none.
	Errors []Refusal

	// Channel is the channel's name in the table of capabilities: what the table
	// says that it shows has to be sent. One that is not there shows plain text.
	Channel string
	// UploadPath is where files are posted before their message, and UploadAnswer
	// what the provider answers; both empty where nothing is uploaded. The sender
	// uses Files.
	UploadPath, UploadAnswer string
	// Private says that the sender's Files have no address: what would be a link
	// is refused as no_public_url.
	Private bool
	// ReactionAnswer is the answer to a body with a sender_action, where it is
	// another than Answer.
	ReactionAnswer string
	// Messages are sends and what the provider gets of them.
	Messages []Message
	// Signals are signals, where the sender is a channel.Signaller.
	Signals []Signal
}

// Refusal is an answer that refuses a message, and what it means.
type Refusal struct {
	Status int
	// Answer is the body of an answer that is not of the Graph API, whose errors
	// have a code and a subcode instead.
	Answer        string
	Code, Subcode int64
	Outcome       channel.Outcome
	Reason        string
}

// graph says that the provider's errors are those of the Graph API.
func (s Setup) graph() bool {
	return !slices.ContainsFunc(s.Errors, func(r Refusal) bool { return r.Answer != "" })
}

// Exercise runs the suite.
func Exercise(t *testing.T, s Setup) {
	t.Run("Reader", s.exerciseReader)
	t.Run("Sender", s.exerciseSender)
}

// Bodies returns the inputs of all read directives of the files in a folder.
func Bodies(t testing.TB, folder string) [][]byte {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files in %s: %v", folder, err)
	}
	var bodies [][]byte
	for _, file := range files {
		datadriven.RunTestAny(t, file, func(_ testing.TB, d *datadriven.TestData) string {
			if d.Cmd == "read" {
				bodies = append(bodies, []byte(d.Input))
			}
			return d.Expected
		})
	}
	return bodies
}
