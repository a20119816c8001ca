package router_test

import (
	"fmt"
	"testing"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/router"
)

// newIdentity lets a customer write for the first time, and returns their identity and
// customer.
func (r *relayed) newIdentity(t testing.TB, phone string) (identity, customer string) {
	t.Helper()
	from := r.store.Durable()
	r.writeTo(t, phone, "first of "+phone, "hello")
	for rec, err := range r.store.ReadAll(t.Context(), from+1) {
		if err != nil {
			t.Fatal(err)
		}
		event, err := router.Decode(rec)
		if err != nil {
			t.Fatal(err)
		}
		switch body := event.Body.(type) {
		case *eventv1.IdentityCreated:
			identity = body.GetIdentityId()
		case *eventv1.ConversationStarted:
			customer = body.GetCustomerId()
		}
	}
	if identity == "" || customer == "" {
		t.Fatalf("who writes first is identity %q of customer %q", identity, customer)
	}
	return identity, customer
}

// address expects an identity to have a telephone number alone, or nothing.
func (r *relayed) address(t testing.TB, identity, want string) {
	t.Helper()
	aliases, err := router.Addresses(t.Context(), r.engine, "shop", identity)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(len(aliases)); want == "" && got != "0" {
		t.Errorf("there are %s addresses", got)
	}
	if want != "" && (len(aliases) != 1 || aliases[0].GetValue() != want) {
		t.Errorf("the addresses are %v, not %s", aliases, want)
	}
}

// What is read to send to somebody does not grow with what was sent to them, once they
// are known, and neither is it kept in the clear: with their key, it is gone.
func TestAddressesCostTheSameHoweverMuchWasSaid(t *testing.T) {
	const phone = "15550100777"
	r := newRelayed(t)
	identity, customer := r.newIdentity(t, phone)
	read := router.CountReads(r.engine)
	var most, before int
	for at := range 60 {
		r.address(t, identity, phone)
		if at == 1 {
			most = *read - before
		}
		if at > 1 && *read-before > most {
			t.Errorf("send %d reads %d records, and the second %d", at+1, *read-before, most)
		}
		before = *read
		r.writeTo(t, phone, fmt.Sprint("more-", at), "more")
	}
	if most == 0 {
		t.Error("nothing was read")
	}

	key, err := router.CustomerKey(t.Context(), r.store, "shop", customer)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.keys.Destroy(key); err != nil {
		t.Fatal(err)
	}
	r.address(t, identity, "")
}

func BenchmarkAddresses(b *testing.B) {
	const phone = "15550100777"
	for _, replies := range []int{1, 100, 1000} {
		b.Run(fmt.Sprint("replies=", replies), func(b *testing.B) {
			r := newRelayed(b)
			identity, _ := r.newIdentity(b, phone)
			for at := range replies - 1 {
				r.writeTo(b, phone, fmt.Sprint("more-", at), "more")
			}
			for b.Loop() {
				r.address(b, identity, phone)
			}
		})
	}
}
