package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// post is one webhook: its body and what is in it.
type post struct {
	body       []byte
	ids, marks []string
}

// next returns a webhook that waits, or a new one; nil where there is none.
func (l *load) next() *post {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) > 0 && (l.quiet || l.random.IntN(4) > 0) {
		at := l.random.IntN(len(l.waiting))
		p := l.waiting[at]
		l.waiting = slices.Delete(l.waiting, at, at+1)
		return p
	}
	if l.quiet {
		return nil
	}
	p := l.invent()
	if l.random.IntN(4) == 0 {
		l.waiting = append(l.waiting, p, p) // three times, by whoever is free
	}
	return p
}

// invent makes a webhook that there was not before. mu is held.
func (l *load) invent() *post {
	p := &post{}
	if l.random.IntN(40) == 0 {
		p.marks = []string{fmt.Sprintf("nonsense-%d-", l.made)}
		l.made++
		p.body = []byte("this is no webhook: " + p.marks[0])
		return p
	}
	var entries []any
	for range 1 + max(0, l.random.IntN(6)-3) { // mostly one, up to three
		var items, contacts []any
		for range 1 + max(0, l.random.IntN(8)-4) {
			l.made++
			if l.random.IntN(10) == 0 {
				mark := fmt.Sprintf("poison-%d-", l.made)
				p.marks = append(p.marks, mark)
				items = append(items, map[string]any{"id": "wamid." + mark, "from": "15550009999", "type": "text", "timestamp": "never"})
				continue
			}
			if l.people == 0 || l.random.IntN(3) == 0 {
				l.people++
			}
			who := fmt.Sprint(15_550_100_000 + l.random.IntN(l.people))
			id := fmt.Sprintf("wamid.in.%d", l.made)
			p.ids = append(p.ids, id)
			contacts = append(contacts, map[string]any{"wa_id": who, "profile": map[string]any{"name": "Somebody"}})
			items = append(items, map[string]any{
				"id": id, "from": who, "type": "text", "timestamp": fmt.Sprint(time.Now().Unix()),
				"text": map[string]any{"body": textOf(id)},
			})
		}
		entries = append(entries, entry(loadNumbers[l.random.IntN(len(loadNumbers))], map[string]any{"contacts": contacts, "messages": items}))
	}
	p.body = webhook(entries...)
	return p
}

// reported adds the webhook that says that a send was delivered.
func (l *load) reported(number, send, recipient, id string) {
	body := webhook(entry(number, map[string]any{"statuses": []any{map[string]any{
		"id": id, "status": "delivered", "timestamp": fmt.Sprint(time.Now().Unix()), "recipient_id": recipient,
		"biz_opaque_callback_data": send,
	}}}))
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = append(l.waiting, &post{body: body})
}

func entry(number string, value map[string]any) any {
	value["messaging_product"] = "whatsapp"
	value["metadata"] = map[string]any{"display_phone_number": "15550100001", "phone_number_id": number}
	return map[string]any{"id": "210001", "changes": []any{map[string]any{"field": "messages", "value": value}}}
}

func webhook(entries ...any) []byte {
	body, err := json.Marshal(map[string]any{"object": "whatsapp_business_account", "entry": entries})
	if err != nil {
		panic(err) // maps of strings always marshal
	}
	return body
}
