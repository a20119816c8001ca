package simulator

import (
	"fmt"
	"net/http"
	"strings"
)

// GraphError is an error as the Graph API answers it.
type GraphError struct {
	Message   string     `json:"message"`
	Type      string     `json:"type"`
	Code      int        `json:"code"`
	Subcode   int        `json:"error_subcode,omitempty"`
	Data      *ErrorData `json:"error_data,omitempty"`
	Transient bool       `json:"is_transient,omitempty"`
	Trace     string     `json:"fbtrace_id"`

	status int
}

// ErrorData is the part of an error that WhatsApp adds.
type ErrorData struct {
	MessagingProduct string `json:"messaging_product,omitempty"`
	Details          string `json:"details"`
}

// title is the message without its number, as failed statuses have it.
func (e *GraphError) title() string {
	return strings.TrimPrefix(e.Message, fmt.Sprintf("(#%d) ", e.Code))
}

func graphError(code, subcode int, message string) *GraphError {
	status := http.StatusBadRequest
	switch code {
	case 0, 190:
		status = http.StatusUnauthorized
	case 1, 3, 131000, 1200:
		status = http.StatusInternalServerError
	case 2, 131016, 131057:
		status = http.StatusServiceUnavailable
	case 10, 200, 368, 131005, 131031:
		status = http.StatusForbidden
	case 4, 32, 613, 80007, 130429, 131056:
		status = http.StatusTooManyRequests
	}
	return &GraphError{Message: message, Type: "OAuthException", Code: code, Subcode: subcode, status: status}
}

// whatsAppGraphError is a WhatsApp error with its details.
func whatsAppGraphError(code int, details string) *GraphError {
	title := whatsAppTitles[code]
	if title == "" {
		title = "Simulated error"
	}
	e := graphError(code, 0, fmt.Sprintf("(#%d) %s", code, title))
	e.Data = &ErrorData{MessagingProduct: "whatsapp", Details: details}
	return e
}

var whatsAppTitles = map[int]string{
	4:      "Application request limit reached",
	100:    "Invalid parameter",
	368:    "Temporarily blocked for policies violations",
	80007:  "Rate limit issues",
	130403: "Recipient is blocked",
	130429: "Rate limit hit",
	130472: "User's number is part of an experiment",
	131000: "Something went wrong",
	131005: "Access denied",
	131008: "Required parameter is missing",
	131009: "Parameter value is not valid",
	131016: "Service unavailable",
	131021: "Recipient cannot be sender",
	131026: "Message undeliverable",
	131030: "Recipient phone number not in allowed list",
	131031: "Business Account locked",
	131042: "Business eligibility payment issue",
	131047: "Re-engagement message",
	131048: "Spam rate limit hit",
	131049: "This message was not delivered to maintain healthy ecosystem engagement.",
	131050: "User stopped marketing messages",
	131051: "Unsupported message type",
	131052: "Media download error",
	131053: "Media upload error",
	131056: "(Business Account, Consumer Account) pair rate limit hit",
	131057: "Account in maintenance mode",
	131062: "BSUID recipient not supported",
	132000: "Template parameter count mismatch",
	132001: "Template name does not exist in the translation",
	132012: "Template parameter format mismatch",
	132015: "Template is paused",
	132016: "Template is disabled",
	133010: "Phone number not registered",
	133016: "Account register deregister rate limit exceeded",
}

// scopedMessages are Messenger's and Instagram's errors by code and subcode.
var scopedMessages = map[[2]int]string{
	{1, 1357046}:   "Received invalid JSON reply.",
	{10, 1893063}:  "(#10) The Instagram account is restricted from messaging.",
	{10, 2018065}:  "(#10) This message is sent outside of allowed window.",
	{10, 2018108}:  "(#10) This Person Cannot Receive Messages: This person isn't receiving messages from you right now.",
	{10, 2018300}:  "(#10) Message failed to send because another app is controlling this thread now.",
	{10, 2018278}:  "(#10) This message is sent outside of allowed window. Learn more about the new policy here: https://developers.facebook.com/docs/messenger-platform/policy-overview",
	{10, 2534022}:  "(#10) This message is sent outside of allowed window.",
	{100, 33}:      "Unsupported post request. Object does not exist, cannot be loaded due to missing permissions, or does not support this operation.",
	{100, 2018001}: "(#100) No matching user found",
	{100, 2018047}: "(#100) Upload attachment failure",
	{100, 2018074}: "(#100) Invalid attachment id",
	{100, 2018008}: "(#100) Failed to fetch the file from the url",
	{100, 2018109}: "(#100) Attachment size exceeds allowable limit",
	{100, 2018218}: "(#100) No profile available for this user.",
	{100, 2534014}: "(#100) The requested user cannot be found.",
	{100, 2534029}: "(#100) Blocked from sending messages via the IG Messaging API",
	{190, 463}:     "Error validating access token: Session has expired on Monday, 01-Jan-26 00:00:00 PST.",
	{200, 1545041}: "(#200) Message Not Sent: This person isn't receiving messages from you right now.",
	{200, 2534041}: "(#200) The account owner has disabled access to instagram direct messages.",
	{551, 1545041}: "(#551) This person isn't available right now.",
	{613, 0}:       "(#613) Calls to this api have exceeded the rate limit.",
	{613, 2534040}: "(#613) Calls to this api have exceeded the rate limit.",
	{1200, 0}:      "(#1200) Temporary send message failure. Please try again later.",
	{1, 0}:         "An unknown error has occurred.",
	{2, 0}:         "An unexpected error has occurred. Please retry your request later.",
	{4, 0}:         "(#4) Application request limit reached",
	{190, 0}:       "Error validating access token: The session is invalid.",
}

// knownError is the error that a fault names by code and subcode.
func knownError(channel Channel, code, subcode, status int) *GraphError {
	var e *GraphError
	message, scoped := scopedMessages[[2]int{code, subcode}]
	switch {
	case channel == ChannelWhatsApp && whatsAppTitles[code] != "" && subcode == 0:
		e = whatsAppGraphError(code, whatsAppTitles[code]+".")
	case scoped:
		e = graphError(code, subcode, message)
	default:
		e = graphError(code, subcode, fmt.Sprintf("(#%d) Simulated error", code))
	}
	e.Transient = code == 2 || code == 4
	if status != 0 {
		e.status = status
	}
	return e
}

// rateError is the channel's answer to sends that come too fast.
func rateError(channel Channel) *GraphError {
	switch channel {
	case ChannelWhatsApp:
		return whatsAppGraphError(130429, "Cloud API message throughput has been reached.")
	case ChannelInstagram:
		return knownError(channel, 613, 2534040, 0)
	}
	return knownError(channel, 613, 0, 0)
}

// unsupported is the error for an object that is not there, is not visible to
// the token, or cannot do what was asked.
func unsupported(method, id string) *GraphError {
	e := graphError(100, 33, fmt.Sprintf("Unsupported %s request. Object with ID '%s' does not exist, cannot be loaded due to missing permissions, or does not support this operation.", strings.ToLower(method), id))
	e.Type = "GraphMethodException"
	return e
}
