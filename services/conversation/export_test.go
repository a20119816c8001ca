package conversation

import (
	"cmp"
	"reflect"
	"slices"
	"strconv"
	"time"

	"google.golang.org/protobuf/proto"
)

// What the tests look at from outside.
var (
	AnswerPayload = answerPayload
	AnswerIn      = answerIn
	IsCode        = isCode
)

// PersonPayload is what a button of the question sends back whether it is still the
// same person.
func PersonPayload(question string, yes bool) string {
	if yes {
		return personPrefix + question + ":yes"
	}
	return personPrefix + question + ":no"
}

// Dump returns everything that a state knows, in one order: two states that know
// the same return the same.
func (s *State) Dump() []byte {
	var out []byte
	for _, part := range []any{
		s.accounts, s.conversations, s.identities, s.aliases, s.codes, s.messages, s.sends, s.parked, s.seen,
		s.customers, s.said, s.unsent, s.changes, s.bound, s.unknown,
	} {
		out = append(dump(out, reflect.ValueOf(part)), '\n')
	}
	return out
}

// named is the key of a map.
func named(key reflect.Value) string {
	if key.Kind() == reflect.String {
		return key.String()
	}
	return string(dump(nil, key))
}

func dump(out []byte, v reflect.Value) []byte {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return append(out, '-')
		}
		if message, ok := v.Interface().(proto.Message); ok {
			out, _ = proto.MarshalOptions{Deterministic: true}.MarshalAppend(out, message)
			return append(out, ';')
		}
		return dump(out, v.Elem())
	case reflect.Map:
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return cmp.Compare(named(a), named(b)) })
		for _, key := range keys {
			out = append(dump(append(append(out, named(key)...), ':'), v.MapIndex(key)), ',')
		}
	case reflect.Slice:
		out = strconv.AppendInt(out, int64(v.Len()), 10)
		for at := range v.Len() {
			out = append(dump(out, v.Index(at)), ',')
		}
	case reflect.Struct:
		if at, ok := v.Interface().(time.Time); ok {
			return strconv.AppendInt(out, at.UnixMicro(), 10)
		}
		for at := range v.NumField() {
			out = append(dump(append(out, v.Type().Field(at).Name...), v.Field(at)), ' ')
		}
	case reflect.String:
		return strconv.AppendQuote(out, v.String())
	case reflect.Bool:
		return strconv.AppendBool(out, v.Bool())
	case reflect.Int, reflect.Int32, reflect.Int64:
		return strconv.AppendInt(out, v.Int(), 10)
	case reflect.Uint8, reflect.Uint32, reflect.Uint64:
		return strconv.AppendUint(out, v.Uint(), 10)
	default:
		panic("conversation: no way to dump " + v.Kind().String())
	}
	return out
}
