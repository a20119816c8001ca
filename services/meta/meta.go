// Package meta holds what the three channels of Meta share: the webhook with
// its handshake and signature, the envelope around items, the grammar of the
// items of pages and Instagram accounts, the client of the Graph API, and the
// table that says what its errors mean for a message.
//
// Everything that comes from outside is taken apart value by value (see
// [Value]) and never decoded as a whole, so that one item that is not as it
// should be costs nothing but itself.
package meta
