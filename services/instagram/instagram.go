// Package instagram is the channel of Instagram professional accounts, with
// either login: through a page, or with the account's own.
package instagram

// Channel is the name of this channel.
const Channel = "instagram"
