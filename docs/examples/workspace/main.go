// Command workspace is the workspace of an agent in sixty lines: it prints what
// customers write, and answers each of them.
//
//	NATS_URL=nats://127.0.0.1:4222 SEED=nats/integrator.shop.KEY.nk workspace shop KEY
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	streamv1 "weiche/proto/gen/weiche/stream/v1"
)

func main() {
	account, key := os.Args[1], os.Args[2]
	seed, err := nats.NkeyOptionFromSeed(os.Getenv("SEED"))
	check(err)
	conn, err := nats.Connect(os.Getenv("NATS_URL"), seed, nats.CustomInboxPrefix("_INBOX.integrator."+account+"."+key))
	check(err)
	stream, err := jetstream.New(conn)
	check(err)
	// What happens while this program is away waits for it under this name.
	consumer, err := stream.CreateOrUpdateConsumer(context.Background(), "EVENTS", jetstream.ConsumerConfig{
		Durable: "integrator_" + account + "_" + key, FilterSubject: "events." + account + ".>",
		DeliverPolicy: jetstream.DeliverNewPolicy, AckPolicy: jetstream.AckExplicitPolicy,
	})
	check(err)
	messages, err := consumer.Messages()
	check(err)
	fmt.Println("listening")
	for {
		msg, err := messages.Next()
		check(err)
		event := &streamv1.Event{} // empty where nothing of it is public
		check(proto.Unmarshal(msg.Data(), event))
		if said := event.GetMessageCreated(); said.GetAuthor() == streamv1.MessageAuthor_MESSAGE_AUTHOR_CUSTOMER {
			text := said.GetContent().GetParts()[0].GetText().GetBody()
			fmt.Printf("%s over %s: %s\n", event.GetConversationId(), said.GetChannel(), text)
			// The event's id makes the answer one, however often the event comes.
			body, err := json.Marshal(map[string]string{
				"conversationId": event.GetConversationId(), "text": "You said: " + text, "clientToken": event.GetEventId(),
			})
			check(err)
			answer, err := conn.Request("api."+account+"."+key+".workspace.SendReply", body, 10*time.Second)
			check(err)
			fmt.Println("answered:", answer.Header.Get("Nats-Service-Error"), string(answer.Data))
		}
		check(msg.Ack())
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
