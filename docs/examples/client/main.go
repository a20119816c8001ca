// Command client answers what customers write, by HTTP.
//
//	client http://127.0.0.1:8080 wk_...
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"

	streamv1 "weiche/proto/gen/weiche/stream/v1"
	"weiche/proto/gen/weiche/stream/v1/streamv1connect"
	workspacev1 "weiche/proto/gen/weiche/workspace/v1"
	"weiche/proto/gen/weiche/workspace/v1/workspacev1connect"
)

func main() {
	url, key := os.Args[1], os.Args[2]
	client := connect.NewClient(connecthttp.NewTransport(http.DefaultClient, url))
	workspace := workspacev1connect.NewWorkspaceServiceClient(client)
	ctx, call := connect.NewClientContext(context.Background())
	call.RequestHeader().Set("Authorization", "Bearer "+key)
	stream, err := streamv1connect.NewStreamServiceClient(client).Subscribe(ctx, &streamv1.SubscribeRequest{
		What: &streamv1.SubscribeRequest_Everything{Everything: true},
	})
	check(err)
	fmt.Println("listening")
	for {
		frame, err := stream.Receive()
		check(err)
		said := frame.GetEvent().GetMessageCreated()
		if said.GetAuthor() != streamv1.MessageAuthor_MESSAGE_AUTHOR_CUSTOMER {
			continue
		}
		text := said.GetContent().GetParts()[0].GetText().GetBody()
		fmt.Printf("%s over %s: %s\n", frame.GetEvent().GetConversationId(), said.GetChannel(), text)
		ctx, call := connect.NewClientContext(context.Background())
		call.RequestHeader().Set("Authorization", "Bearer "+key)
		sent, err := workspace.SendReply(ctx, &workspacev1.SendReplyRequest{
			ConversationId: frame.GetEvent().GetConversationId(), Text: "You said: " + text,
			ClientToken: frame.GetEvent().GetEventId(), // answered once, however often it runs
		})
		check(err)
		fmt.Println("answered:", sent.GetMessageId())
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
