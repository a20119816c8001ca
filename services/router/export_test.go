package router

// What the tests look at from outside.
const (
	Installation = installation
	IndexTimer   = indexTimer
)

// TimerIn reads a timer's key.
var TimerIn = timerIn
