// Package echo is the channel of docs/writing-a-channel.md: as small as a channel
// can be that keeps the contract. Its provider is a room of people, with an HTTP
// API that says what they say and takes what they are answered. No program of
// Weiche has it; copy it to begin a channel of your own.
package echo

// Channel is the name of this channel. It becomes part of subjects: 1 to 64 of a-z,
// 0-9 and -.
const Channel = "echo"

// kindName is the kind of address that people have: their name in the room.
const kindName = "name"
