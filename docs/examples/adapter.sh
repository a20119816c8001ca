#!/bin/sh
# The NATS half of an adapter, with the nats command line client and nothing else.
# NATS_URL says where the server is and who asks.
#
#   adapter.sh ask SUBJECT < message > answer    has the router decide a message
#   adapter.sh prepare CHANNEL                   makes the consumer of its sends
#   adapter.sh next CHANNEL > send               waits for the next send
set -eu

# Where answers come to: nobody else may listen there.
receipts=${RECEIPTS:-receipts.room.1}

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
	nats consumer add EGRESS "egress-$1" --filter "egress.$1.*.*" --pull --ack explicit --wait 30s --memory --defaults
}

next() {
	nats consumer next EGRESS "egress-$1" --raw | head -c -1
}

"$@"
