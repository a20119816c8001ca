package channel

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"math"
	"slices"
	"strconv"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
)

// DedupKey returns what tells that two items of one integration are the same
// one, delivered again: the kind, the provider's id, and what tells apart the
// several things that may happen to one id. The sender is no part of it, since
// the same message may come again under another of their addresses; only for
// what has no id of its own it is one of the fields that are hashed. It is
// empty for items that are not deduplicated: unreadable and ignored ones.
func DedupKey(item *ingressv1.Item) string {
	switch kind := item.GetKind().(type) {
	case *ingressv1.Item_Inbound:
		return inboundKey(kind.Inbound)
	case *ingressv1.Item_Receipt:
		return receiptKey(kind.Receipt)
	case *ingressv1.Item_Echo:
		return echoKey(kind.Echo)
	}
	return ""
}

func echoKey(echo *ingressv1.Echo) string {
	id := echo.GetProviderMessageId()
	hashed := func(event proto.Message) string {
		return digest(echo.GetRecipient(), echo.GetSentAt(), event, echo.GetSendId())
	}
	switch {
	case echo.GetEdit() != nil:
		return editKey("echo_edit", id, echo.GetEdit(), hashed)
	case echo.GetUnsend() != nil:
		return key("echo_unsend", echo.GetUnsend().GetProviderMessageId(), "")
	case id != "":
		return key("echo", id, "")
	}
	return key("echo", "", hashed(echo.GetContent()))
}

// editKey tells the edits of a message apart: by their number, else by an id of
// their own, else by what they say.
func editKey(kind, id string, edit *ingressv1.Edit, hashed func(proto.Message) string) string {
	about := edit.GetProviderMessageId()
	switch {
	case edit.GetNumber() > 0:
		return key(kind, about, strconv.FormatUint(uint64(edit.GetNumber()), 10))
	case id != "":
		return key(kind, about, id)
	}
	return key(kind, about, hashed(edit))
}

func inboundKey(in *ingressv1.Inbound) string {
	id := in.GetProviderMessageId()
	// hashed is for events without an id: who, when and what.
	hashed := func(event proto.Message) string { return digest(in.GetSender(), in.GetSentAt(), event, "") }
	switch event := in.GetEvent().(type) {
	case *ingressv1.Inbound_Message:
		if id != "" {
			return key("message", id, "")
		}
		return key("message", "", hashed(event.Message))
	case *ingressv1.Inbound_Reaction:
		if id != "" {
			return key("reaction", id, "")
		}
		return key("reaction", event.Reaction.GetProviderMessageId(), hashed(event.Reaction))
	case *ingressv1.Inbound_Edit:
		return editKey("edit", id, event.Edit, hashed)
	case *ingressv1.Inbound_Unsend:
		return key("unsend", event.Unsend.GetProviderMessageId(), "")
	case *ingressv1.Inbound_Referral:
		return key("referral", id, hashed(event.Referral))
	case *ingressv1.Inbound_OptIn:
		return key("opt_in", id, hashed(event.OptIn))
	case *ingressv1.Inbound_IdentityChange:
		if id != "" {
			return key("identity_change", id, "")
		}
		return key("identity_change", "", hashed(event.IdentityChange))
	}
	return ""
}

func receiptKey(r *ingressv1.Receipt) string {
	state := strconv.Itoa(int(r.GetState()))
	switch {
	case r.GetProviderMessageId() != "":
		return key("receipt", r.GetProviderMessageId(), state)
	case r.GetSendId() != "":
		return key("receipt", "", state+" "+r.GetSendId())
	}
	return key("receipt", "", state+" "+digest(r.GetRecipient(), r.GetWatermark(), nil, ""))
}

// key joins the parts so that no two different ones look the same.
func key(kind, id, discriminator string) string {
	return kind + " " + strconv.Itoa(len(id)) + " " + id + " " + discriminator
}

// digest hashes the canonical fields of an event without an id.
func digest(who []*eventv1.Alias, at *timestamppb.Timestamp, event proto.Message, word string) string {
	h := sha256.New()
	if len(who) > 0 {
		put(h, who[0].GetKind())
		put(h, who[0].GetValue())
	}
	put(h, strconv.FormatInt(at.GetSeconds(), 10))
	put(h, strconv.FormatInt(int64(at.GetNanos()), 10))
	put(h, word)
	if event != nil {
		putMessage(h, event.ProtoReflect())
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func put(h hash.Hash, s string) {
	var length [8]byte
	binary.BigEndian.PutUint64(length[:], uint64(len(s)))
	h.Write(length[:])
	h.Write([]byte(s))
}

// putMessage hashes the fields that are set, by their numbers, which unlike an
// encoding stay what they are for good.
func putMessage(h hash.Hash, m protoreflect.Message) {
	var fields []protoreflect.FieldDescriptor
	m.Range(func(f protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		fields = append(fields, f)
		return true
	})
	slices.SortFunc(fields, func(a, b protoreflect.FieldDescriptor) int { return int(a.Number()) - int(b.Number()) })
	put(h, strconv.Itoa(len(fields)))
	for _, f := range fields {
		put(h, strconv.Itoa(int(f.Number())))
		v := m.Get(f)
		if !f.IsList() {
			putValue(h, v)
			continue
		}
		put(h, strconv.Itoa(v.List().Len()))
		for i := range v.List().Len() {
			putValue(h, v.List().Get(i))
		}
	}
}

func putValue(h hash.Hash, v protoreflect.Value) {
	switch v := v.Interface().(type) {
	case protoreflect.Message:
		putMessage(h, v)
	case string:
		put(h, v)
	case []byte:
		put(h, string(v))
	case bool:
		put(h, strconv.FormatBool(v))
	case float64:
		put(h, strconv.FormatUint(math.Float64bits(v), 16))
	case protoreflect.EnumNumber:
		put(h, strconv.Itoa(int(v)))
	case int64:
		put(h, strconv.FormatInt(v, 10))
	case uint32:
		put(h, strconv.FormatUint(uint64(v), 10))
	default:
		panic("meta: a field that has no canonical form")
	}
}
