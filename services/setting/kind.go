package setting

import (
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Address is where something listens: host:port, with an empty host for all of the
// machine's.
type Address string

// URL is the address of a server, with its scheme.
type URL string

// Size is a number of bytes.
type Size int64

// kind is a type of values.
type kind struct {
	// word is what a value is, in help.
	word string
	// many is a list or a map: said in parts, divided by commas.
	many bool
	// pairs is a map: each part is key=value.
	pairs bool
	// zero is the zero value, as it would be said.
	zero  string
	parse func(parts []string) (any, error)
}

// parts divides a text as it stands in a flag or a variable.
func (k kind) parts(text string) []string {
	if !k.many {
		return []string{text}
	}
	var parts []string
	for _, part := range strings.Split(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}

// kinds are the types that a field of a struct of settings may have.
var kinds = map[reflect.Type]kind{
	reflect.TypeFor[string]():         {word: "text", parse: one(func(text string) (string, error) { return text, nil })},
	reflect.TypeFor[bool]():           {word: "true|false", zero: "false", parse: one(parseBool)},
	reflect.TypeFor[int]():            {word: "number", zero: "0", parse: one(parseNumber)},
	reflect.TypeFor[time.Duration]():  {word: "duration", zero: "0s", parse: one(parseDuration)},
	reflect.TypeFor[Size]():           {word: "size", zero: "0", parse: one(parseSize)},
	reflect.TypeFor[Address]():        {word: "address", parse: one(parseAddress)},
	reflect.TypeFor[URL]():            {word: "url", parse: one(parseURL)},
	reflect.TypeFor[[]string]():       {word: "list", many: true, parse: each(func(text string) (string, error) { return text, nil })},
	reflect.TypeFor[[]netip.Prefix](): {word: "networks", many: true, parse: each(parseNetwork)},
	reflect.TypeFor[map[string]int](): {word: "name=number,...", many: true, pairs: true, parse: parseNumbers},
}

func one[V any](parse func(string) (V, error)) func([]string) (any, error) {
	return func(parts []string) (any, error) {
		if len(parts) != 1 {
			return nil, errors.New("this is one value, not a list")
		}
		return parse(parts[0])
	}
}

func each[V any](parse func(string) (V, error)) func([]string) (any, error) {
	return func(parts []string) (any, error) {
		values := make([]V, 0, len(parts))
		for _, part := range parts {
			value, err := parse(part)
			if err != nil {
				return nil, err
			}
			values = append(values, value)
		}
		return values, nil
	}
}

func parseBool(text string) (bool, error) {
	switch text {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, fmt.Errorf("%q is neither true nor false", text)
}

func parseNumber(text string) (int, error) {
	number, err := strconv.Atoi(text)
	if err != nil || number < 0 {
		return 0, fmt.Errorf("%q is no whole number from 0", text)
	}
	return number, nil
}

func parseDuration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is no duration such as 500ms, 10s, 5m or 1h30m", text)
	}
	return d, nil
}

// units are those of sizes, longer ones first.
var units = []struct {
	name  string
	bytes int64
}{
	{"KiB", 1 << 10},
	{"MiB", 1 << 20},
	{"GiB", 1 << 30},
	{"TiB", 1 << 40},
	{"KB", 1e3},
	{"MB", 1e6},
	{"GB", 1e9},
	{"TB", 1e12},
	{"B", 1},
	{"", 1},
}

func parseSize(text string) (Size, error) {
	for _, unit := range units {
		digits, ok := strings.CutSuffix(text, unit.name)
		if !ok {
			continue
		}
		number, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
		if err == nil && number >= 0 && number <= math.MaxInt64/unit.bytes {
			return Size(number * unit.bytes), nil
		}
		break
	}
	return 0, fmt.Errorf("%q is no size such as 65536, 512KiB, 100MB or 2GiB", text)
}

func parseAddress(text string) (Address, error) {
	_, port, err := net.SplitHostPort(text)
	if number, bad := strconv.Atoi(port); err != nil || bad != nil || number < 0 || number > math.MaxUint16 {
		return "", fmt.Errorf("%q is no address to listen on, such as 127.0.0.1:8080 or :8080", text)
	}
	return Address(text), nil
}

func parseURL(text string) (URL, error) {
	if text == "" {
		return "", nil
	}
	at, err := url.Parse(text)
	if err != nil || at.Scheme == "" || at.Host == "" {
		// The text may hold a password, which url.Error would repeat.
		return "", errors.New("this is no address with a scheme and a host, such as https://chat.example")
	}
	return URL(text), nil
}

// parseNetwork returns a network as a text: koanf copies values deeply, and cannot
// look into a netip.Prefix, which reads itself from the text in the end.
func parseNetwork(text string) (string, error) {
	if address, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(address.Unmap(), address.Unmap().BitLen()).String(), nil
	}
	network, err := netip.ParsePrefix(text)
	if err != nil {
		return "", fmt.Errorf("%q is no network such as 10.0.0.0/8 and no address", text)
	}
	return network.Masked().String(), nil
}

func parseNumbers(parts []string) (any, error) {
	// Of this type, so that what several places say is put together by name.
	numbers := map[string]any{}
	for _, part := range parts {
		name, text, ok := strings.Cut(part, "=")
		if name = strings.TrimSpace(name); !ok || name == "" {
			return nil, fmt.Errorf("%q is not name=number", part)
		}
		number, err := parseNumber(strings.TrimSpace(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		numbers[name] = number
	}
	return numbers, nil
}
