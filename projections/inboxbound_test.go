package projections

import (
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"google.golang.org/protobuf/proto"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
)

// counted counts the rows that are read.
type counted struct {
	source
	rows *int
}

func (c counted) load(k []byte, row proto.Message) (bool, error) {
	*c.rows++
	return c.source.load(k, row)
}

func (c counted) scan(from, to []byte, backward bool, f func([]byte, func(proto.Message) error) (bool, error)) error {
	return c.source.scan(from, to, backward, func(k []byte, load func(proto.Message) error) (bool, error) {
		*c.rows++
		return f(k, load)
	})
}

// TestV6PagesAreBounded reads pages of 20,000 conversations, and counts the rows
// that are read for each.
func TestV6PagesAreBounded(t *testing.T) {
	o := newOffice(1)
	for n := range 20_000 {
		id := o.start()
		if n%1000 == 0 {
			o.log.add("conversation", id, &eventv1.LabelsChanged{ConversationId: id, Added: []string{"rare"}})
		}
		if n%2 == 0 {
			o.log.add("conversation", id, &eventv1.ConversationAssigned{ConversationId: id, AssigneeId: "eva"})
		}
		if n == 3 {
			o.bind(id, "wa", "whatsapp")
		}
	}
	o.log.add("account", "acme", &eventv1.AgentRemoved{AgentId: "eva"})
	v, err := Open("views", Options{FS: vfs.NewMem(), Opener: o.log.keys.open})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	if err := v.Rebuild(t.Context(), o.log, "", nil); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		query *viewv1.InboxQuery
		most  int // rows of one page
		all   int // conversations
	}{
		"all":         {&viewv1.InboxQuery{}, 500, 20_000},
		"open":        {&viewv1.InboxQuery{Status: statusOpen}, 500, 20_000},
		"closed":      {&viewv1.InboxQuery{Status: statusClosed}, 20, 0},
		"nobody's":    {&viewv1.InboxQuery{Nobody: true}, 500, 20_000},
		"a label":     {&viewv1.InboxQuery{Label: "rare"}, 100, 20},
		"a channel":   {&viewv1.InboxQuery{Channel: "whatsapp"}, 20, 1},
		"both":        {&viewv1.InboxQuery{Label: "rare", Channel: "whatsapp"}, 100, 0},
		"nobody's wa": {&viewv1.InboxQuery{Nobody: true, Channel: "whatsapp"}, 2*inboxLooks + 50, 1},
	} {
		t.Run(name, func(t *testing.T) {
			query, found := proto.CloneOf(test.query), 0
			query.Limit = 200
			for pages := 0; ; pages++ {
				rows := 0
				var page *viewv1.InboxPage
				err := v.read(t.Context(), inboxNames, func(r *reader) (err error) {
					r.rows[InboxName] = counted{r.rows[InboxName], &rows}
					page, err = r.inbox("acme", query)
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
				if rows > test.most {
					t.Fatalf("page %d of %d conversations read %d rows, want at most %d", pages, len(page.Conversations), rows, test.most)
				}
				found += len(page.Conversations)
				if query.Before = page.NextBefore; query.Before == 0 {
					break
				}
			}
			if found != test.all {
				t.Errorf("%d conversations were found, want %d", found, test.all)
			}
		})
	}
}
