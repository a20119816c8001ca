package simulator

// FaultKind is what goes wrong.
type FaultKind string

// Faults of webhooks. They match by Fault.Event; those that are named after an
// event have it as their default.
const (
	FaultDuplicate     FaultKind = "duplicate"      // Copies more POSTs, each after Delay
	FaultDelay         FaultKind = "delay"          // the event is due after Delay
	FaultReorder       FaultKind = "reorder"        // the event goes after the next Copies events of its app, at the latest after Delay
	FaultDrop          FaultKind = "drop"           // the event never comes
	FaultDropDelivered FaultKind = "drop_delivered" // drop of status.delivered
	FaultEchoLost      FaultKind = "echo_lost"      // drop of echo
	FaultEchoLate      FaultKind = "echo_late"      // delay of echo
	FaultEchoTwice     FaultKind = "echo_twice"     // duplicate of echo
	FaultMalformed     FaultKind = "malformed"      // a body that is no webhook goes before the event, each kind in its turn
)

// Faults of sends. They apply to sends that would have been accepted, so that
// a request that is wrong by itself gets its own error.
const (
	FaultError              FaultKind = "error"                 // the Graph error Code and Subcode; nothing is accepted
	FaultRateLimit          FaultKind = "rate_limit"            // HTTP 429 with the channel's rate error; nothing is accepted
	FaultTimeoutBefore      FaultKind = "timeout_before_accept" // no answer for Delay, then a closed connection; nothing is accepted
	FaultResetBefore        FaultKind = "reset_before_accept"   // connection reset; nothing is accepted
	FaultServerErrorBefore  FaultKind = "500_before_accept"     // HTTP 500 without a Graph error; nothing is accepted
	FaultTimeoutAfter       FaultKind = "timeout_after_accept"  // the message arrives, no answer for Delay, then a closed connection
	FaultResetAfter         FaultKind = "reset_after_accept"    // the message arrives, connection reset
	FaultServerErrorAfter   FaultKind = "500_after_accept"      // the message arrives, HTTP 500 without a Graph error
	FaultErrorAfter         FaultKind = "error_after_accept"    // the message arrives, the answer is the Graph error Code and Subcode; 1/1357046 if Code is 0
	FaultNoID               FaultKind = "200_without_id"        // the message arrives, the answer is a 200 without its id
	FaultSlow               FaultKind = "slow"                  // the message arrives, the answer takes Delay
	FaultStatusBeforeAnswer FaultKind = "status_before_answer"  // the answer waits until the send's statuses or echo have been delivered, at most Delay
	FaultFailed             FaultKind = "failed"                // accepted on WhatsApp, then a failed status with Code; the message never arrives
	FaultLateFailed         FaultKind = "late_failed"           // a failed status with Code follows the delivered one of WhatsApp after Delay
)

// Faults of media. They match by integration alone.
const (
	FaultUploadError FaultKind = "upload_error" // an upload is refused with Code and Subcode; 131053, 100/2018047 if Code is 0
	FaultMediaError  FaultKind = "media_error"  // a media id is answered with Code, 131052 if 0, or a file with Status, 500 if 0
)

// Fault is a rule. A zero field does not filter.
type Fault struct {
	// ID names the rule; made up if empty.
	ID   string    `json:"id"`
	Kind FaultKind `json:"kind"`
	// Integration is the id of a number, page or Instagram account.
	Integration string `json:"integration"`
	// Event is the name of a webhook event: message, postback, referral,
	// reaction, system, echo, delivery, read, status.sent, status.delivered,
	// status.read, status.failed, or status for all four.
	Event string `json:"event"`
	// After is how many matches pass before the rule begins, Times how often
	// it fires at most, Rate the share of matches on which it fires (all if 0).
	After int     `json:"after"`
	Times int     `json:"times"`
	Rate  float64 `json:"rate"`
	// Copies is for duplicate and reorder; 1 if 0.
	Copies int `json:"copies"`
	// Delay is for the kinds that name it. If 0: 30s for a time-out, 5s for
	// status_before_answer, 200ms for reorder, 1s for delay, echo_late and
	// slow, none for duplicate and late_failed.
	Delay Duration `json:"delay"`
	// Code, Subcode and Status are for error, error_after_accept, failed and
	// late_failed. The default status is the code's usual one.
	Code    int `json:"code"`
	Subcode int `json:"subcode"`
	Status  int `json:"status"`
}

// FaultState is a rule and how often it has matched and fired.
type FaultState struct {
	Fault
	Matched int `json:"matched"`
	Fired   int `json:"fired"`
}

// FaultReport is the rules in force and the count of all faults by kind since
// the last Reset, including those of rules that have been replaced.
type FaultReport struct {
	Faults []FaultState      `json:"faults"`
	Fired  map[FaultKind]int `json:"fired"`
}
