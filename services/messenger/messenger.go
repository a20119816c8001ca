// Package messenger is the channel of Facebook pages: the Messenger Platform.
package messenger

// Channel is the name of this channel.
const Channel = "messenger"
