// Package whatsapp is the channel of WhatsApp Business numbers on the Cloud
// API, also where the number is used in the Business app beside it.
package whatsapp

// Channel is the name of this channel.
const Channel = "whatsapp"
