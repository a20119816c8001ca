// Package widget is the channel of the web widget: the session by which a
// visitor is known, and the QR code that takes a link to their phone.
package widget

// Channel is the name of the channel.
const Channel = "widget"
