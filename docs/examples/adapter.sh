#!/bin/sh
# The NATS half of an adapter, with the nats command line client and nothing else.
# NATS_URL says where the server is and who asks.
#
#   adapter.sh ask SUBJECT < message > answer             has the router decide a message
#   adapter.sh prepare CHANNEL ACCOUNT INTEGRATION        makes the consumer of its sends
#   adapter.sh next CHANNEL ACCOUNT INTEGRATION > send    waits for the next send
set -eu

# Where answers come to, the router's and the server's: nobody else may listen there.
receipts=${RECEIPTS:-receipts.room.1}
inbox=${INBOX:-_INBOX.room}

ask() {
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	cat > "$work/message"
	nats sub --raw --count 1 "$receipts" > "$work/answer" 2> "$work/log" &
	listener=$!
	# Published again until there is an answer: the router knows it again.
	while kill -0 "$listener" 2> "$work/log"; do
		nats pub --quiet --no-templates --force-stdin --header "Weiche-Receipt:$receipts" "$1" \
			< "$work/message" > "$work/log" 2>&1 || { cat "$work/log" >&2; kill "$listener"; exit 1; }
		sleep 0.3
	done
	# The client ends what it prints with a line feed.
	head -c -1 "$work/answer"
}

prepare() {
	name="adapter_$1_$2_$3"
	nats --inbox-prefix "$inbox" request --raw "\$JS.API.CONSUMER.CREATE.EGRESS.$name.egress.$1.$2.$3" \
		'{"stream_name": "EGRESS", "config": {"durable_name": "'"$name"'", "filter_subject": "'"egress.$1.$2.$3"'",
		"ack_policy": "explicit", "ack_wait": 30000000000, "mem_storage": true}}'
}

next() {
	nats --inbox-prefix "$inbox" consumer next EGRESS "adapter_$1_$2_$3" --raw | head -c -1
}

"$@"
