package story_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	adminv1 "weiche/proto/gen/weiche/admin/v1"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	workspacev1 "weiche/proto/gen/weiche/workspace/v1"
	"weiche/services/programtest"
)

// examples are the files that docs/writing-a-channel.md quotes.
const examples = "../../docs/examples"

// natsCommand is the command line client of NATS, at a version.
const natsCommand = "github.com/nats-io/natscli/nats@v0.5.1"

// installNATSCommand installs the command line client into a folder. It comes over
// the Go proxy once.
func installNATSCommand(dir string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "install", natsCommand)
	cmd.Env = append(os.Environ(), "GOBIN="+dir, "GOWORK=off", "GOFLAGS=")
	if said, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go install %s: %w\n%s", natsCommand, err, said)
	}
	return filepath.Join(dir, "nats"), nil
}

// adapter is an adapter that is no part of weiche: a shell script and the command
// line client of NATS.
type adapter struct {
	*inProcesses
	path, url string
}

// run runs the script. It returns what it prints, and its exit code.
func (a *adapter) run(message proto.Message, args ...string) ([]byte, int) {
	a.t.Helper()
	var in []byte
	if message != nil {
		var err error
		if in, err = proto.Marshal(message); err != nil {
			a.t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(a.t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", append([]string{filepath.Join(examples, "adapter.sh")}, args...)...)
	cmd.Env = append(os.Environ(), "PATH="+a.path+":"+os.Getenv("PATH"), "NATS_URL="+a.url, "HOME="+a.t.TempDir())
	cmd.Stdin = bytes.NewReader(in)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		a.t.Fatalf("%v: %v\n%s\n%s", args, err, out, &stderr)
	}
	if code := cmd.ProcessState.ExitCode(); code != 0 {
		a.t.Logf("%v: %s", args, &stderr)
		return out, code
	}
	return out, 0
}

// ask has the router decide one item.
func (a *adapter) ask(subject string, item *ingressv1.Item) *ingressv1.ItemAnswer {
	a.t.Helper()
	out, code := a.run(&ingressv1.Batch{Items: []*ingressv1.Item{item}}, "ask", subject)
	answer := &ingressv1.Answer{}
	if err := proto.Unmarshal(out, answer); err != nil || code != 0 || len(answer.GetItems()) != 1 {
		a.t.Fatalf("%s: exit code %d, %v, %v", subject, code, answer, err)
	}
	return answer.GetItems()[0]
}

// inOrder expects that something was committed; a repetition may have been faster.
func (a *adapter) inOrder(what string, answer *ingressv1.ItemAnswer) {
	a.t.Helper()
	switch answer.GetStatus() {
	case ingressv1.ItemStatus_ITEM_STATUS_COMMITTED, ingressv1.ItemStatus_ITEM_STATUS_DUPLICATE, ingressv1.ItemStatus_ITEM_STATUS_NOTHING:
	default:
		a.t.Fatalf("%s: %v", what, answer)
	}
}

// TestExternalAdapter has a channel whose adapter is a shell script with the nats
// client, at a real server that lets it do no more than its integration needs.
func TestExternalAdapter(t *testing.T) {
	installed, err := installNATSCommand(programs.dir)
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skipf("NOT RUN: %v", err)
	}
	config, err := os.ReadFile(filepath.Join(examples, "nats.conf"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	text := strings.NewReplacer("127.0.0.1:4222", "127.0.0.1:-1", `"nats"`, fmt.Sprintf("%q", filepath.Join(dir, "nats"))).Replace(string(config))
	address := startNATSWith(t, text)
	as := func(user, password string) string {
		return (&url.URL{Scheme: "nats", User: url.UserPassword(user, password), Host: address}).String()
	}
	data := filepath.Join(dir, "data")
	a := &adapter{
		inProcesses: &inProcesses{t: t, client: http.DefaultClient, people: map[string]string{}, said: map[string]string{}},
		path:        filepath.Dir(installed), url: as("room", "change-me-too"),
	}
	server, address := serve(t, data, as("weiche", "change-me"))
	a.running = running{processes: []*programtest.Process{server}, api: address, webhooks: address}
	programtest.Run(t, program(t), "setup", filepath.Join(examples, "room.yaml"), "--data", data).Expect(t, 0)
	for _, token := range []struct {
		file string
		to   *string
	}{{"admin", &a.admin}, {"shop.kim", &a.agent}} {
		said, err := os.ReadFile(filepath.Join(data, "tokens", token.file))
		if err != nil {
			t.Fatal(err)
		}
		*token.to = strings.TrimSpace(string(said))
	}

	const inbound, outcomes = "ingress.0.channel.shop.room", "outcomes.0.shop.room"
	hello := &ingressv1.Item{Kind: &ingressv1.Item_Inbound{Inbound: &ingressv1.Inbound{
		ProviderAccountId: "room-1", ProviderMessageId: "m-1", SentAt: timestamppb.Now(),
		Sender: []*eventv1.Alias{{Kind: "name", Value: "ana"}}, Profile: &eventv1.Profile{Name: "Ana"},
		Event: &ingressv1.Inbound_Message{Message: textOf("is anybody there?")},
	}}}
	heard := a.ask(inbound, hello)
	a.inOrder("a message", heard)
	again := a.ask(inbound, hello)
	if again.GetStatus() != ingressv1.ItemStatus_ITEM_STATUS_DUPLICATE || again.GetPosition() != heard.GetPosition() {
		t.Errorf("the same message again: %v", again)
	}
	if _, code := a.run(&ingressv1.Batch{Items: []*ingressv1.Item{hello}}, "ask", "ingress.0.channel.shop.other"); code == 0 {
		t.Error("it may speak for another integration")
	}
	if _, code := a.run(&ingressv1.Batch{}, "ask", "ingress.0.api.shop.room"); code == 0 {
		t.Error("it may speak for agents")
	}

	reply := &workspacev1.SendReplyResponse{}
	if why := a.workspace("SendReply", &workspacev1.SendReplyRequest{ConversationId: heard.GetConversationId(), Text: "I am", ClientToken: "1"}, reply); why != nil {
		t.Fatal(why)
	}
	if out, code := a.run(nil, "prepare", "echo", "shop", "room"); code != 0 {
		t.Fatalf("no consumer: %s", out)
	}
	out, _ := a.run(nil, "next", "echo", "shop", "room")
	send := &ingressv1.Send{}
	if err := proto.Unmarshal(out, send); err != nil || send.GetContent().GetParts()[0].GetText().GetBody() != "I am" || send.GetRecipient()[0].GetValue() != "ana" {
		t.Fatalf("the send is %v, %v", send, err)
	}
	claim := func(nonce string) *ingressv1.ItemAnswer {
		return a.ask(outcomes, sender(&ingressv1.SenderCommand{Command: &ingressv1.SenderCommand_Claim{
			Claim: &ingressv1.ClaimSend{SendId: send.GetSendId(), Attempt: send.GetAttempt(), Nonce: nonce},
		}}))
	}
	a.inOrder("a claim", claim("n-1"))
	if lost := claim("n-2"); lost.GetRefusal() != ingressv1.Refusal_REFUSAL_CLAIM_LOST {
		t.Errorf("a second claim: %v", lost)
	}
	// Here the adapter would say it in the room, which calls it e-1.
	outcome := a.ask(outcomes, sender(&ingressv1.SenderCommand{Command: &ingressv1.SenderCommand_Outcome{
		Outcome: &ingressv1.ReportOutcome{
			SendId: send.GetSendId(), Attempt: send.GetAttempt(), Nonce: "n-1", IntegrationId: "room",
			Outcome: &ingressv1.ReportOutcome_ProviderMessageId{ProviderMessageId: "e-1"},
		},
	}}))
	if outcome.GetRefusal() != ingressv1.Refusal_REFUSAL_CLAIM_LOST { // a repetition of what was taken
		a.inOrder("an outcome", outcome)
	}
	a.inOrder("a receipt", a.ask(inbound, &ingressv1.Item{Kind: &ingressv1.Item_Receipt{Receipt: &ingressv1.Receipt{
		ProviderAccountId: "room-1", ProviderMessageId: "e-1", State: eventv1.ReceiptState_RECEIPT_STATE_DELIVERED, At: timestamppb.Now(),
	}}}))

	page := &adminv1.ListEventsResponse{}
	if why := a.call("weiche.admin.v1.AdminService/ListEvents", a.admin, &adminv1.ListEventsRequest{Limit: 1000}, page); why != nil {
		t.Fatal(why)
	}
	count := map[string]int{}
	for _, event := range page.GetEvents() {
		count[string(event.GetEvent().MessageName().Name())]++
	}
	for _, name := range []string{"MessageReceived", "SendClaimed", "MessageSent", "MessageDelivered"} {
		if count[name] != 1 {
			t.Errorf("%d times %s in the log", count[name], name)
		}
	}
	server.Stop(t)
}

func sender(command *ingressv1.SenderCommand) *ingressv1.Item {
	return &ingressv1.Item{Kind: &ingressv1.Item_Sender{Sender: command}}
}

func textOf(body string) *eventv1.Content {
	return &eventv1.Content{Parts: []*eventv1.Part{{Kind: &eventv1.Part_Text{Text: &eventv1.Text{Body: body}}}}}
}
