package story_test

import (
	"bytes"
	"encoding/json"
	"image"
	"image/png"
	"io"
	"net/http"
	"net/url"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	widgetv1 "weiche/proto/gen/weiche/widget/v1"
	workspacev1 "weiche/proto/gen/weiche/workspace/v1"
	"weiche/services/conversation"
	"weiche/services/simulator"
)

// picture is the picture of every story.
func picture() []byte {
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewGray(image.Rect(0, 0, 60, 40))); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// upload hands a picture in.
func (s *inProcesses) upload(path, token string, query url.Values) (blobID string, size int64) {
	s.t.Helper()
	query.Set("name", "picture.png")
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.api+path+"?"+query.Encode(), bytes.NewReader(picture()))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := s.client.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	said, err := io.ReadAll(response.Body)
	var made struct {
		BlobID string `json:"blob_id"`
		Size   int64  `json:"size"`
	}
	if err != nil || response.StatusCode != http.StatusOK || json.Unmarshal(said, &made) != nil {
		s.t.Fatalf("upload: %d %s %v", response.StatusCode, said, err)
	}
	return made.BlobID, made.Size
}

// attached uploads the picture of a message in the widget.
func (s *inProcesses) attached(person string, content *eventv1.Content) (string, []*widgetv1.Attachment) {
	s.t.Helper()
	s.session(person)
	id, _ := s.upload("/v1/widget/uploads", s.sessions[person], url.Values{})
	s.files = true
	return content.GetParts()[0].GetMedia().GetCaption(), []*widgetv1.Attachment{{BlobId: id}}
}

// contentFor is content of a reply as a workspace gives it. A picture is uploaded for
// the conversation where the story has it be one of its customer.
func (s *inProcesses) contentFor(conversationID string, content *eventv1.Content) *workspacev1.ReplyContent {
	s.t.Helper()
	out := &workspacev1.ReplyContent{}
	for _, part := range content.GetParts() {
		to := &workspacev1.ReplyPart{}
		switch kind := part.GetKind().(type) {
		case *eventv1.Part_Text:
			to.Kind = &workspacev1.ReplyPart_Text{Text: kind.Text.GetBody()}
		case *eventv1.Part_Location:
			to.Kind = &workspacev1.ReplyPart_Location{Location: kind.Location}
		case *eventv1.Part_Buttons:
			to.Kind = &workspacev1.ReplyPart_Buttons{Buttons: kind.Buttons}
		case *eventv1.Part_Template:
			to.Kind = &workspacev1.ReplyPart_Template{Template: kind.Template}
		case *eventv1.Part_Media:
			media := &workspacev1.ReplyMedia{
				BlobId: kind.Media.GetBlobId(), Kind: kind.Media.GetKind(), MimeType: kind.Media.GetMimeType(),
				Size: kind.Media.GetSize(), Caption: kind.Media.GetCaption(),
			}
			if media.BlobId != conversation.BlobOf("somebody", "upload") {
				media.BlobId, media.Size = s.upload("/v1/uploads", s.agent, url.Values{"conversation_id": {conversationID}})
			}
			to.Kind = &workspacev1.ReplyPart_Media{Media: media}
		default:
			s.t.Fatalf("an agent cannot say this in the real world: %v", part)
		}
		out.Parts = append(out.Parts, to)
	}
	return out
}

// fileComes lets the files come that wait on the wire, or not.
func (s *inProcesses) fileComes(report *ingressv1.ReportMedia) {
	s.t.Helper()
	s.files = false
	if report.GetFailed() != nil {
		s.simulate(http.MethodPost, "/sim/faults", simulator.Fault{Kind: simulator.FaultMediaError, Status: http.StatusNotFound, Code: 100}, nil)
	}
	s.wire.files.open()
	s.settle(s.t)
	s.wire.files.shut()
	s.simulate(http.MethodPut, "/sim/faults", map[string]any{"faults": []simulator.Fault{}}, nil)
}
