package api

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	"weiche/projections"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
	widgetv1 "weiche/proto/gen/weiche/widget/v1"
	"weiche/services/public"
)

// word makes a word of an enum's value: queued of DELIVERY_STATE_QUEUED, nothing
// of a value that is not stated.
func word(value fmt.Stringer, prefix string) string {
	text := strings.TrimPrefix(value.String(), prefix)
	if text == "UNSPECIFIED" {
		return ""
	}
	return strings.ToLower(text)
}

// aboutChannel are the system lines that the widget shows, and their words.
var aboutChannel = map[viewv1.SystemLineKind]string{
	viewv1.SystemLineKind_SYSTEM_LINE_KIND_CHANNEL_BOUND:   "linked",
	viewv1.SystemLineKind_SYSTEM_LINE_KIND_CHANNEL_UNBOUND: "disconnected",
}

// forVisitors are the lines that the widget shows.
func forVisitors() projections.Lines {
	return projections.Lines{
		Kinds: []viewv1.ItemKind{viewv1.ItemKind_ITEM_KIND_COMMENT}, System: slices.Sorted(maps.Keys(aboutChannel)),
	}
}

// lineOf makes what the widget shows of a line.
func (s *server) lineOf(account, conversation string, item *viewv1.TimelineItem) *widgetv1.Line {
	line := &widgetv1.Line{
		Place: item.GetPosition(), MessageId: item.GetMessageId(), At: item.GetRecordedAt(),
		Media:   s.filesOf(account, conversation, item),
		Content: shown(item.GetContent()), Erased: item.GetErased() || item.GetUnsent(),
		Edited: len(item.GetEdits()) > 0,
	}
	for _, reaction := range item.GetReactions() {
		line.Reactions = append(line.Reactions, &widgetv1.LineReaction{
			Emoji: reaction.GetEmoji(), ByBusiness: reaction.GetByBusiness(),
		})
	}
	switch kind := item.GetLine().(type) {
	case *viewv1.TimelineItem_Customer:
		line.Author, line.Channel, line.State = widgetv1.Author_AUTHOR_CUSTOMER, kind.Customer.GetChannel(), "sent"
		if kind.Customer.GetSeen() {
			line.State = "read"
		}
	case *viewv1.TimelineItem_Agent:
		reply := kind.Agent
		line.Author, line.Channel = widgetv1.Author_AUTHOR_AGENT, reply.GetChannel()
		if reply.GetIntendedIntegrationId() != reply.GetIntegrationId() {
			line.IntendedChannel = reply.GetIntendedChannel()
		}
		line.State = word(reply.GetState(), "DELIVERY_STATE_")
		line.AgentName, _ = s.Queries.Agent(account, reply.GetAgentId())
	case *viewv1.TimelineItem_NativeApp:
		line.Author, line.Channel = widgetv1.Author_AUTHOR_AGENT, kind.NativeApp.GetChannel()
	case *viewv1.TimelineItem_System:
		line.Author, line.Channel = widgetv1.Author_AUTHOR_SYSTEM, kind.System.GetChannel()
		line.About = aboutChannel[kind.System.GetKind()]
	}
	return line
}

// shown returns content without the provider's addresses and ids, which a browser
// never sees.
func shown(content *eventv1.Content) *eventv1.Content {
	if content == nil {
		return nil
	}
	content = proto.CloneOf(content)
	content.Referral = nil
	if reply := content.GetReplyTo(); reply != nil {
		content.ReplyTo = &eventv1.ReplyTo{MessageId: reply.GetMessageId()}
	}
	for _, part := range content.GetParts() {
		switch kind := part.GetKind().(type) {
		case *eventv1.Part_Media:
			hideAddress(kind.Media)
			kind.Media.BlobId, kind.Media.ThumbnailId = "", ""
		case *eventv1.Part_Share:
			kind.Share.Url, kind.Share.ProviderId = "", ""
		}
	}
	return content
}

func hideAddress(media *eventv1.Media) {
	media.ProviderUrl, media.ProviderMediaId, media.StickerId, media.Sha256 = "", "", "", nil
}

// forAgent takes the providers' addresses of files and stories out of a line; the
// rest is for agents to see.
func forAgent(item *viewv1.TimelineItem) {
	contents := []*eventv1.Content{item.GetContent(), item.GetOriginal()}
	for _, edit := range item.GetEdits() {
		contents = append(contents, edit.GetContent())
	}
	for _, content := range contents {
		if reply := content.GetReplyTo(); reply != nil && public.IsFile(reply.GetStoryUrl()) {
			reply.StoryUrl = ""
		}
		for _, part := range content.GetParts() {
			if media := part.GetMedia(); media != nil {
				hideAddress(media)
			}
			if share := part.GetShare(); share != nil && public.IsFile(share.GetUrl()) {
				share.Url = ""
			}
		}
	}
}
