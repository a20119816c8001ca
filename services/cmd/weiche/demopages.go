package main

import (
	"context"
	"crypto/rand"
	_ "embed"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"net/netip"

	tags "golang.org/x/text/language"

	adminv1 "weiche/proto/gen/weiche/admin/v1"
	"weiche/services/channel"
	"weiche/services/pages"
)

// demoPage is where the demo's page is.
const demoPage = "/demo"

// demoPages serves what the demo has beside the product, from the same origin: its page,
// a shop that embeds the widget, and the simulator with its control API. The product
// knows nothing of them.
type demoPages struct {
	// weiche is where the product is reached, token its administrator's.
	weiche string
	token  channel.Secret
	// product and providers are the two programs.
	product, providers http.Handler
	// until ends what waits for the simulator.
	until context.Context
}

// handler serves the product with the demo's pages before it.
func (d demoPages) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET "+demoPage, fromHere(http.HandlerFunc(d.page)))
	mux.Handle("GET "+demoPage+"/shop", fromHere(http.HandlerFunc(showShop)))
	mux.Handle("GET "+demoPage+"/shop.css", fromHere(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		_, _ = w.Write(shopStyle)
	})))
	mux.Handle("/sim/", fromHere(http.HandlerFunc(d.simulator)))
	mux.Handle("/", d.product)
	return mux
}

// page shows the demo's page, to somebody who is logged in as the agent from then on.
//
// A page that logs in whoever opens it would be a hole anywhere else. Here it is opened
// on the machine that the demo runs on, by a name of that machine (see fromHere); it
// opens an account that is made up, in a folder that goes with the demo; and who can
// reach it could as well read the administrator's token there.
func (d demoPages) page(w http.ResponseWriter, r *http.Request) {
	if !d.knows(r) {
		cookies, err := d.logIn(r.Context())
		if err != nil {
			http.Error(w, fmt.Sprintf("the demo cannot log you in: %v", err), http.StatusInternalServerError)
			return
		}
		for _, cookie := range cookies {
			http.SetCookie(w, cookie)
		}
	}
	pages.Page{Script: "demo", Title: "Weiche"}.ServeHTTP(w, r)
}

// knows says whether a browser has a session that counts.
func (d demoPages) knows(r *http.Request) bool {
	ask, err := http.NewRequestWithContext(r.Context(), http.MethodGet,
		d.weiche+"/weiche.workspace.v1.WorkspaceService/GetMe?connect=v1&encoding=json&message=%7B%7D", nil)
	if err != nil {
		return false
	}
	for _, cookie := range r.Cookies() {
		ask.AddCookie(cookie)
	}
	answer, err := http.DefaultClient.Do(ask)
	if err != nil {
		return false
	}
	answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

// logIn uses a login link as a browser would, and returns the cookies of the session.
func (d demoPages) logIn(ctx context.Context) ([]*http.Cookie, error) {
	link := &adminv1.MakeLoginLinkResponse{}
	if err := call(ctx, d.weiche, "weiche.admin.v1.AdminService/MakeLoginLink", d.token.Reveal(), &adminv1.MakeLoginLinkRequest{
		AccountId: demoAccount, AgentId: demoAgent, ClientToken: rand.Text(),
	}, link); err != nil {
		return nil, err
	}
	ask, err := http.NewRequestWithContext(ctx, http.MethodPost, d.weiche+link.GetPath(), nil)
	if err != nil {
		return nil, err
	}
	answer, err := http.DefaultTransport.RoundTrip(ask) // which follows no redirects
	if err != nil {
		return nil, err
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusSeeOther {
		return nil, fmt.Errorf("the login link: %s", answer.Status)
	}
	return answer.Cookies(), nil
}

// simulator passes a request on to the simulator. What waits there for something to
// happen would hold the end of the demo up.
func (d demoPages) simulator(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(d.until, cancel)()
	d.providers.ServeHTTP(w, r.WithContext(ctx))
}

// fromHere lets pass who asks from this machine and calls it by a name of its own. A
// page of elsewhere can make its name lead here, and would then be of the same origin.
func fromHere(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from, err := netip.ParseAddrPort(r.RemoteAddr)
		host, _, hostErr := net.SplitHostPort(r.Host)
		if hostErr != nil {
			host = r.Host
		}
		named, _ := netip.ParseAddr(host)
		if err != nil || !from.Addr().Unmap().IsLoopback() || !named.IsLoopback() && host != "localhost" {
			http.Error(w, "the demo is shown on the machine that it runs on", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

//go:embed shop/shop.html
var shopLayout string

//go:embed shop/shop.css
var shopStyle []byte

var shopTemplate = template.Must(template.New("shop").Parse(shopLayout))

// shopItem is something that the shop sells.
type shopItem struct{ Picture, Name, Text, Price string }

// shopWords are what the shop says in a language.
type shopWords struct {
	Language, Tagline, New, Men, Women, Sale, Lead, Text, Button, Basket string
	Items                                                                []shopItem
}

// shopTexts are in the order of shopLanguages.
var shopTexts = []shopWords{
	{
		Language: "en", Tagline: "Clothes in one colour", New: "New in", Men: "Men", Women: "Women", Sale: "Sale", Basket: "Basket",
		Lead: "Everything blue.", Text: "Made to be worn for years. Questions? We are in the chat.", Button: "See what is new",
		Items: []shopItem{
			{"jacket", "Harbour jacket", "Waxed cotton", "129 €"},
			{"shirt", "Everyday shirt", "Organic cotton", "49 €"},
			{"hat", "Fisher hat", "Merino wool", "29 €"},
			{"shoe", "Canvas shoe", "Recycled canvas", "79 €"},
		},
	},
	{
		Language: "de", Tagline: "Kleidung in einer Farbe", New: "Neu", Men: "Herren", Women: "Damen", Sale: "Sale", Basket: "Warenkorb",
		Lead: "Alles blau.", Text: "Gemacht, um jahrelang getragen zu werden. Fragen? Wir sind im Chat.", Button: "Neues ansehen",
		Items: []shopItem{
			{"jacket", "Hafenjacke", "Gewachste Baumwolle", "129 €"},
			{"shirt", "Alltagshemd", "Bio-Baumwolle", "49 €"},
			{"hat", "Fischermütze", "Merinowolle", "29 €"},
			{"shoe", "Leinenschuh", "Recycelter Stoff", "79 €"},
		},
	},
}

var shopLanguages = tags.NewMatcher([]tags.Tag{tags.English, tags.German})

// showShop shows the shop: a page like any that embeds the widget, with a policy that
// allows what the widget needs and no more.
func showShop(w http.ResponseWriter, r *http.Request) {
	wanted, _, _ := tags.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	_, at, _ := shopLanguages.Match(wanted...)
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Language", shopTexts[at].Language)
	header.Set("Vary", "Accept-Language")
	header.Set("Cache-Control", "no-cache")
	header.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "+
		"img-src 'self' data: blob:; media-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; "+
		"require-trusted-types-for 'script'; trusted-types 'none'")
	if err := shopTemplate.Execute(w, struct {
		shopWords
		Widget string
	}{shopTexts[at], demoWidget}); err != nil {
		return // the caller has gone
	}
}
