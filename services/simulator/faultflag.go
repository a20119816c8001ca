package simulator

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// ParseFault reads a rule as the command line has it: a kind, and after a colon
// the fields of Fault by their names in JSON, as in
// "error:code=131056,times=3,after=10" or "echo_late:delay=2s". It returns
// ErrInvalid for anything else.
func ParseFault(text string) (Fault, error) {
	kind, rest, _ := strings.Cut(text, ":")
	fields := map[string]json.RawMessage{"kind": marshal(kind)}
	for _, pair := range strings.Split(rest, ",") {
		if rest == "" {
			break
		}
		name, value, ok := strings.Cut(pair, "=")
		if !ok || fields[name] != nil {
			return Fault{}, invalid("fault %q: %q is not a name, = and a value, once", text, pair)
		}
		switch name {
		case "after", "times", "rate", "copies", "code", "subcode", "status":
			if _, err := strconv.ParseFloat(value, 64); err != nil || !json.Valid([]byte(value)) {
				return Fault{}, invalid("fault %q: %s is a number", text, name)
			}
			fields[name] = json.RawMessage(value)
		default:
			fields[name] = marshal(value)
		}
	}
	var f Fault
	if err := strict(marshal(fields), &f); err != nil {
		return Fault{}, invalid("fault %q: %v", text, err)
	}
	if _, err := newRules([]Fault{f}, 0); err != nil {
		return Fault{}, err
	}
	return f, nil
}

// String is the form that ParseFault reads.
func (f Fault) String() string {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(marshal(f), &fields); err != nil {
		panic(err) // a Fault is an object
	}
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		raw, value := string(fields[name]), ""
		if json.Unmarshal(fields[name], &value) != nil {
			value = raw // a number
		}
		if name == "kind" || raw == `""` || raw == "0" || (name == "delay" && value == "0s") {
			continue
		}
		pairs = append(pairs, name+"="+value)
	}
	if len(pairs) == 0 {
		return string(f.Kind)
	}
	return fmt.Sprintf("%s:%s", f.Kind, strings.Join(pairs, ","))
}

// FaultKinds are the names of all faults.
func FaultKinds() []FaultKind { return slices.Sorted(maps.Keys(faultBase)) }
