package metrics

// kind is what sort of numbers a family has.
type kind int

const (
	counter kind = iota
	histogram
	// gauge goes up and down as it is told; reading is asked for at each scrape.
	gauge
	reading
)

// Family is a metric with all of its labels.
type Family struct {
	// Name and Labels are as Prometheus sees them; the values of labels are bounded.
	Name   string
	Labels []string
	// Help says what is counted, Alert when somebody should look.
	Help, Alert string

	kind    kind
	buckets []float64
}

// The buckets of histograms.
var (
	// quick is for what happens on this machine, slow for what others take part in.
	quick = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5}
	slow  = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}
	items = []float64{1, 2, 4, 8, 16, 32, 64, 128, 256, 512}
)

// families are all that there are, but for those of Go and of the process.
var families = []Family{
	{Name: "weiche_build_info", Labels: []string{"version", "go"}, kind: gauge, Help: "Always 1, with what was built.", Alert: "Never."},
	{Name: "weiche_ready", kind: reading, Help: "1 while the server can do its work, as GET /readyz.", Alert: "0 for a minute."},
	{Name: "weiche_warnings", kind: reading, Help: "Warnings of GET /readyz: integrations and webhooks to look at.", Alert: "Above 0 for 15 minutes."},

	{Name: "weiche_webhooks_total", Labels: []string{"channel", "code"}, kind: counter, Help: "Webhooks, by the status that they were answered.", Alert: "A rate of code 503 for 5 minutes; of 401 where nobody probes."},
	{Name: "weiche_webhook_duration_seconds", Labels: []string{"channel"}, kind: histogram, buckets: slow, Help: "How long a webhook took to be answered.", Alert: "The 99th percentile above 2 s: providers give up at 5 to 20 s."},
	{Name: "weiche_webhooks_refused_total", Labels: []string{"channel", "reason"}, kind: counter, Help: "Requests at webhook addresses that were not believed: size, signature, handshake or body.", Alert: "A rate of signature after the set-up of an app changed."},
	{Name: "weiche_webhook_received_bytes_total", Labels: []string{"channel"}, kind: counter, Help: "Bytes of webhooks that were believed.", Alert: "Never."},
	{Name: "weiche_webhook_items_total", Labels: []string{"channel", "kind"}, kind: counter, Help: "Items of webhooks: inbound, receipt, echo, ignored or quarantined.", Alert: "Any increase of quarantined."},

	{Name: "weiche_decisions_total", Labels: []string{"source", "status"}, kind: counter, Help: "Commands that the router has answered, by who asked.", Alert: "Any increase of quarantined."},
	{Name: "weiche_refusals_total", Labels: []string{"source", "reason"}, kind: counter, Help: "Commands that were refused, by why.", Alert: "A rate that is unusual here."},
	{Name: "weiche_round_items", kind: histogram, buckets: items, Help: "Commands that were decided together.", Alert: "The median at 512: the router is at its limit."},
	{Name: "weiche_round_duration_seconds", kind: histogram, buckets: quick, Help: "How long a round of commands took, its commit among it.", Alert: "The 99th percentile above 1 s."},
	{Name: "weiche_commit_duration_seconds", kind: histogram, buckets: quick, Help: "How long a write to the log took to be on disk.", Alert: "The 99th percentile above 500 ms: the disk is too slow."},
	{Name: "weiche_timers_total", kind: counter, Help: "What the router did of its own accord, as when a time had come.", Alert: "Never."},

	{Name: "weiche_log_position", kind: reading, Help: "The last position of the log that is on disk.", Alert: "No change for long where there is traffic."},
	{Name: "weiche_follower_lag_events", Labels: []string{"follower"}, kind: reading, Help: "How many events views and relays are behind the log.", Alert: "Above 1,000 for 5 minutes."},
	{Name: "weiche_queue_messages", Labels: []string{"stream"}, kind: reading, Help: "Messages in the streams of the broker.", Alert: "ingress above 1,000, or egress growing for 10 minutes."},
	{Name: "weiche_broker_connected", kind: reading, Help: "1 while there is a connection to the broker.", Alert: "0 for a minute."},
	{Name: "weiche_quarantine_items", kind: reading, Help: "Items that wait in quarantine, up to 10,000.", Alert: "Above 0."},

	{Name: "weiche_sends_total", Labels: []string{"channel", "outcome"}, kind: counter, Help: "Attempts to send: sent, refused, not_sent or unknown.", Alert: "Any increase of unknown; a share of refused above a tenth."},
	{Name: "weiche_send_duration_seconds", Labels: []string{"channel"}, kind: histogram, buckets: slow, Help: "How long a provider took to answer a send.", Alert: "The 99th percentile above 10 s."},
	{Name: "weiche_sends_held_total", Labels: []string{"channel", "reason"}, kind: counter, Help: "Sends that were put off: rate, asked, busy or broken.", Alert: "A rate of broken."},
	{Name: "weiche_send_claims_total", Labels: []string{"channel", "result"}, kind: counter, Help: "Claims of senders: granted, lost or unanswered.", Alert: "A rate of unanswered: the router does not keep up."},
	{Name: "weiche_send_outcomes_total", Labels: []string{"channel", "outcome", "recorded"}, kind: counter, Help: "Outcomes that were told to the router, and whether it has them.", Alert: "Any increase of recorded=false."},

	{Name: "weiche_fetches_total", Labels: []string{"channel", "outcome"}, kind: counter, Help: "Files of messages that were fetched: stored, failed or again.", Alert: "A share of failed above a tenth."},
	{Name: "weiche_fetch_duration_seconds", Labels: []string{"channel"}, kind: histogram, buckets: slow, Help: "How long a file took to be fetched.", Alert: "Never."},
	{Name: "weiche_fetched_bytes_total", Labels: []string{"channel"}, kind: counter, Help: "Bytes of files that were fetched.", Alert: "Never."},

	{Name: "weiche_api_calls_total", Labels: []string{"procedure", "code"}, kind: counter, Help: "Calls of the API, by what they were answered.", Alert: "Any increase of internal; a rate of unavailable."},
	{Name: "weiche_api_call_duration_seconds", Labels: []string{"procedure"}, kind: histogram, buckets: quick, Help: "How long a unary call of the API took.", Alert: "The 99th percentile above 1 s."},
	{Name: "weiche_http_requests_total", Labels: []string{"route", "code"}, kind: counter, Help: "Requests for files and pages, by their status.", Alert: "Any increase of code 500."},
	{Name: "weiche_streams_open", Labels: []string{"transport"}, kind: gauge, Help: "Streams that are open: websocket or connect.", Alert: "What the machine was measured for."},
	{Name: "weiche_streams_closed_total", Labels: []string{"transport", "reason"}, kind: counter, Help: "Streams that have ended, by why.", Alert: "A rate of slow_consumer."},

	{Name: "weiche_disk_free_bytes", kind: reading, Help: "What is free on the disk of the data folder.", Alert: "Less than a fifth of the disk."},
	{Name: "weiche_disk_size_bytes", kind: reading, Help: "The size of that disk.", Alert: "Never."},
	{Name: "weiche_store_disk_bytes", Labels: []string{"store"}, kind: reading, Help: "What the log and the views take up.", Alert: "Never."},
	{Name: "weiche_store_wal_bytes", Labels: []string{"store"}, kind: reading, Help: "The write-ahead log among it.", Alert: "Above 1 GiB."},
	{Name: "weiche_store_memtable_bytes", Labels: []string{"store"}, kind: reading, Help: "What waits in memory to be written out.", Alert: "Never."},
	{Name: "weiche_store_compaction_debt_bytes", Labels: []string{"store"}, kind: reading, Help: "About how much has to be compacted.", Alert: "Growing for an hour: the disk is too slow."},
	{Name: "weiche_store_read_amplification", Labels: []string{"store"}, kind: reading, Help: "In how many places a key is looked for at most.", Alert: "Above 30."},
	{Name: "weiche_store_cache_hit_ratio", Labels: []string{"store"}, kind: reading, Help: "The share of blocks that were read from memory since the start.", Alert: "Never."},
	{Name: "weiche_views_skipped_events", Labels: []string{"reason"}, kind: reading, Help: "Events that the views could not use: unknown or unreadable.", Alert: "Above 0."},
}
