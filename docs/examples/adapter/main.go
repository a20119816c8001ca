// Command adapter is the way in of an adapter, in sixty lines: each line that is typed
// is something that ana says in a room, and what became of it is printed.
//
//	NATS_URL=nats://127.0.0.1:4222 SEED=nats/adapter.echo.shop.room.nk adapter echo shop room room-1
package main

import (
	"bufio"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nuid"
	"google.golang.org/protobuf/proto"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
)

func main() {
	channel, account, integration, room := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	own := channel + "." + account + "." + integration
	seed, err := nats.NkeyOptionFromSeed(os.Getenv("SEED"))
	check(err)
	conn, err := nats.Connect(os.Getenv("NATS_URL"), seed, nats.CustomInboxPrefix("_INBOX.adapter."+own))
	check(err)
	heard, err := conn.SubscribeSync("receipts.adapter." + own + ".*")
	check(err)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		id := nuid.Next() // the provider's id of the message, by which it is known again
		content := &eventv1.Content{Parts: []*eventv1.Part{{Kind: &eventv1.Part_Text{Text: &eventv1.Text{Body: lines.Text()}}}}}
		data, err := proto.Marshal(&ingressv1.Batch{Items: []*ingressv1.Item{{Kind: &ingressv1.Item_Inbound{Inbound: &ingressv1.Inbound{
			ProviderAccountId: room, ProviderMessageId: id, Sender: []*eventv1.Alias{{Kind: "name", Value: "ana"}},
			Event: &ingressv1.Inbound_Message{Message: content},
		}}}}})
		check(err)
		receipt := "receipts.adapter." + own + "." + id
		for decided := false; !decided; { // again until it is: it takes effect once
			check(conn.PublishMsg(&nats.Msg{
				Subject: "ingress.0.channel." + account + "." + integration, Header: nats.Header{"Weiche-Receipt": {receipt}}, Data: data,
			}))
			msg, err := heard.NextMsg(2 * time.Second)
			if err != nil || msg.Subject != receipt {
				continue
			}
			answer := &ingressv1.Answer{}
			check(proto.Unmarshal(msg.Data, answer))
			if decided = len(answer.GetItems()) == 1; decided { // otherwise overloaded
				fmt.Println(answer.GetItems()[0].GetStatus(), answer.GetItems()[0].GetConversationId())
			}
		}
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
