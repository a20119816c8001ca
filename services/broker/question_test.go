package broker_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"weiche/services/broker"
)

// answering has a broker answer until the test ends.
func answering(t *testing.T, b *broker.Broker, answer func(context.Context, broker.Question) ([]byte, broker.Place, error)) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- b.Answer(ctx, broker.Answers{
			Name: "test", Methods: map[broker.Role][]string{broker.RoleAPI: {"echo"}}, Answer: answer,
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	for { // until it is there
		_, _, err := b.Ask(soon(t), broker.Question{Role: broker.RoleAPI, Account: "acme", Method: "echo", Data: []byte("ready?")})
		if !errors.Is(err, broker.ErrUnavailable) {
			return
		}
	}
}

func TestQuestions(t *testing.T) {
	everywhere(t, func(t *testing.T, config broker.Config) {
		b := start(t, config)
		ask := func(q broker.Question) (string, broker.Place, error) {
			data, at, err := b.Ask(soon(t), q)
			return string(data), at, err
		}
		echo := broker.Question{Role: broker.RoleAPI, Account: "acme", Method: "echo"}
		if _, _, err := ask(echo); !errors.Is(err, broker.ErrUnavailable) {
			t.Errorf("nobody is there: %v", err)
		}
		answering(t, b, func(_ context.Context, q broker.Question) ([]byte, broker.Place, error) {
			switch said := string(q.Data); said {
			case "no":
				return nil, broker.Place{}, &broker.QuestionError{Code: "NOT_FOUND", Description: "there is none"}
			case "secret":
				return nil, broker.Place{}, errors.New("the secret cause")
			case "much":
				return make([]byte, 8<<20), broker.Place{}, nil
			}
			return append([]byte(q.Account+" "), q.Data...), broker.Place{Incarnation: q.NotBefore.Incarnation, Position: q.NotBefore.Position + 1}, nil
		})
		echo.Data, echo.NotBefore = []byte("hello"), broker.Place{Incarnation: "i", Position: 6}
		if said, at, err := ask(echo); err != nil || said != "acme hello" || at != (broker.Place{Incarnation: "i", Position: 7}) {
			t.Errorf("%q at %v, %v", said, at, err)
		}
		for said, code := range map[string]string{"no": "NOT_FOUND", "secret": "INTERNAL", "much": broker.CodeTooLarge} {
			var failed *broker.QuestionError
			echo.Data = []byte(said)
			if _, _, err := ask(echo); !errors.As(err, &failed) || failed.Code != code || strings.Contains(err.Error(), "cause") {
				t.Errorf("%s: %v", said, err)
			}
		}
		if _, _, err := ask(broker.Question{Role: broker.RoleEgress, Account: "acme", Method: "echo"}); !errors.Is(err, broker.ErrUnavailable) {
			t.Errorf("what another role may ask: %v", err)
		}
		if _, _, err := ask(broker.Question{Role: broker.RoleAPI, Account: "a.b", Method: "echo"}); !errors.Is(err, broker.ErrName) {
			t.Errorf("an account that is none: %v", err)
		}
	})
}

// As much is answered at a time as may be, and the rest at once that it is too much.
func TestI27QuestionsAreBounded(t *testing.T) {
	b := start(t, broker.Config{})
	release := make(chan struct{})
	answering(t, b, func(_ context.Context, q broker.Question) ([]byte, broker.Place, error) {
		if string(q.Data) == "wait" {
			<-release
		}
		return nil, broker.Place{}, nil
	})
	var mu sync.Mutex
	var asking sync.WaitGroup
	answered, busy := 0, 0
	for range 100 {
		asking.Go(func() {
			began := time.Now()
			_, _, err := b.Ask(soon(t), broker.Question{Role: broker.RoleAPI, Account: "acme", Method: "echo", Data: []byte("wait")})
			mu.Lock()
			defer mu.Unlock()
			switch {
			case errors.Is(err, broker.ErrOverloaded):
				if busy++; busy == 36 {
					close(release)
				}
				if took := time.Since(began); took > 2*time.Second {
					t.Errorf("told after %s", took)
				}
			case err == nil:
				answered++
			default:
				t.Error(err)
			}
		})
	}
	asking.Wait()
	if answered != 64 || busy != 36 {
		t.Errorf("%d answered, %d told that it is too much", answered, busy)
	}
}

// An answer goes to an inbox, whatever the asker wants: nobody has the router speak
// where they may not.
func TestAnswersGoToInboxesAlone(t *testing.T) {
	config := broker.Config{URL: listen(t, t.TempDir(), -1, 8<<20).ClientURL()}
	b := start(t, config)
	asked := make(chan string, 8)
	answering(t, b, func(_ context.Context, q broker.Question) ([]byte, broker.Place, error) {
		asked <- string(q.Data)
		return []byte("said"), broker.Place{}, nil
	})
	conn := raw(t, config.URL)
	for to, heard := range map[string]bool{"_INBOX.api.x": true, "elsewhere.api": false, "ingress.0.api.acme.workspace": false} {
		sub, err := conn.SubscribeSync(to)
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.PublishRequest("queries.api.acme.echo", to, []byte(to)); err != nil {
			t.Fatal(err)
		}
		for said := ""; said != to; {
			select {
			case said = <-asked:
			case <-time.After(patience):
				t.Fatal("it was not asked")
			}
		}
		// What is asked after it is answered after it.
		if _, _, err := b.Ask(soon(t), broker.Question{Role: broker.RoleAPI, Account: "acme", Method: "echo"}); err != nil {
			t.Fatal(err)
		}
		<-asked
		wait := 100 * time.Millisecond
		if heard {
			wait = patience
		}
		if _, err := sub.NextMsg(wait); (err == nil) != heard {
			t.Errorf("%s: %v", to, err)
		}
	}
}

func TestRoles(t *testing.T) {
	for names, want := range map[string]string{
		"": "adapters router api egress", "egress,api": "api egress", "router": "router", "api, api": "api", "adapters,router,api,egress": "adapters router api egress",
	} {
		roles, err := broker.ParseRoles(names)
		if got := broker.JoinRoles(roles, " "); err != nil || got != want {
			t.Errorf("%q are %q, %v", names, got, err)
		}
	}
	for _, names := range []string{"routers", "api,", "api;router"} {
		if _, err := broker.ParseRoles(names); !errors.Is(err, broker.ErrRole) {
			t.Errorf("%q: %v", names, err)
		}
	}
}
