package story_test

import "regexp"

// cannot are the lines that nobody can bring about in the real world, and why. A
// story is played there up to the first of them.
var cannot = []struct {
	form *regexp.Regexp
	why  string
}{
	{regexp.MustCompile(`^wait `), "the world's time cannot be moved"},
	{regexp.MustCompile(`, \S+ ago\b`), "phones write now"},
	{regexp.MustCompile(`what comes next`), "a phone changes what it has written"},
	{regexp.MustCompile(`no parser knows|cannot be read|^the provider repeats|^the operator (replays|discards|reads)`), "it takes a later version of weiche"},
	{regexp.MustCompile(`^messenger reports (sent|failed)|^instagram reports (sent|delivered|failed)|^instagram reports part \d+ of the reply (sent|delivered|failed)`), "the provider does not report that"},
	{regexp.MustCompile(`^\w+ (fails|works again)$`), "weiche finds that out in its own time"},
	{regexp.MustCompile(`^\w+ echoes: `), "a provider echoes a send when it takes it"},
	{regexp.MustCompile(`^the admin removes |cut_withdrawn`), "bindings end in weiche's own time"},
	{regexp.MustCompile(`is signed in as|signs out`), "it takes a site that signs its visitors in"},
	{regexp.MustCompile(`^\w+ tells (nothing of|that)`), "a provider tells when it is asked"},
	{regexp.MustCompile(`^the file cannot be reached`), "weiche asks for it again in its own time"},
	{regexp.MustCompile(`^the next send (never leaves|has to wait)`), "what follows takes its own time"},
}

// Cannot says why a line cannot be done here.
func (s *inProcesses) Cannot(line string, traced bool) string {
	for _, c := range cannot {
		if c.form.MatchString(line) {
			return c.why
		}
	}
	switch {
	case line == "senders stop" && traced:
		return "a running weiche claims a send at once"
	case s.wire.sends.held() > 0 && !meanwhile.MatchString(line):
		return "what is being sent is not withdrawn"
	case line == "the answer comes" && s.sending() == 0:
		return "nobody hears what a sender is told whose send is over"
	case line == "the file comes" || line == "the file is gone":
		return s.cannotCome()
	}
	return ""
}

// meanwhile is what can be done while a send is on the wire.
var meanwhile = regexp.MustCompile(`^agent(, having seen route \d+)?: |^agent writes|^the next send|^senders start`)

// cannotCome says why a file cannot come now.
func (s *inProcesses) cannotCome() string {
	if _, files := unfinished(s.Events(s.t, 0)); files == 0 {
		return "nobody hears what a fetcher is told whose file is wanted no more"
	}
	return ""
}

// sending is how many sends the log has that have not ended.
func (s *inProcesses) sending() int {
	sends, _ := unfinished(s.log(s.t, 0))
	return sends
}
