package projections

import "encoding/binary"

// Every key of the folder:
//
//	table  key                                               value
//	01     projection                                        checkpoint
//	02     projection, generation, row key                   row
//	03     projection                                        checkpoint of a rebuild
//	04     a key of a row, or the beginning of such keys     which of the two it is
//
// Table 04 names what [Views.Purge] still has to get out of the files.
//
// Every row key begins with the account and is:
//
//	timeline     account, conversation, i, position              TimelineItem
//	             account, conversation, m, message               ItemPlace
//	             account, conversation, l, link                  Endpoint
//	             account, conversation, b, identity              Endpoint
//	             account, conversation, w                        SeenMark
//	             account, conversation, c, changed, position     ItemPlace
//	             account, event, e                               ItemPlace
//	channelview  account, conversation, s                        ChannelState
//	             account, conversation, g, integration, number   Segment
//	             account, conversation, p, integration, position Placement
//	             account, conversation, m, message               PlacedReply
//	route        account, conversation, r                        Route
//	customer     account, customer, c                            Customer
//	             account, customer, i, identity                  Identity
//	             account, customer, v, position, conversation    CustomerConversation
//	             account, identity, o                            IdentityOwner
//	inbox        account, conversation, y                        InboxConversation
//	             account, list, x, active                        InboxPlace
//	             account, customer, v, position                  InboxPlace
//	             account, "inbox", u, widget, integration        OfferUse
//	             account, "inbox", n, list                       InboxCount
//	             account, "inbox", d, agent                      AgentGone
//
// A text has its length in 2 bytes before it, a number has 8 bytes; both are
// big-endian. So no two rows share a key, the rows of a conversation are next
// to each other, and a conversation's lines are in log order.
const (
	tableCheckpoint byte = 0x01
	tableRows       byte = 0x02
	tableBuild      byte = 0x03
	tableForgotten  byte = 0x04
)

// The values of table 04.
const (
	forgottenRow   = "row"
	forgottenRange = "range"
)

const (
	kindItem      byte = 'i'
	kindMessage   byte = 'm'
	kindChanged   byte = 'c'
	kindEvent     byte = 'e'
	kindLink      byte = 'l'
	kindIdentity  byte = 'b'
	kindSeen      byte = 'w'
	kindState     byte = 's'
	kindSegment   byte = 'g'
	kindPlacement byte = 'p'
	kindRoute     byte = 'r'

	kindCustomer         byte = 'c'
	kindCustomerIdentity byte = 'i'
	kindCustomerTalk     byte = 'v'
	kindOwner            byte = 'o'

	kindInbox byte = 'y'
	kindPlace byte = 'x'
	kindUse   byte = 'u'
	kindCount byte = 'n'
	kindGone  byte = 'd'
)

// key is a key in the making.
type key []byte

// rowKey begins the key of a row of an account and one of its conversations,
// customers or identities.
func rowKey(account, of string, kind byte) key {
	k := make(key, 0, len(account)+len(of)+48)
	return append(k.text(account).text(of), kind)
}

func (k key) text(s string) key {
	return append(binary.BigEndian.AppendUint16(k, uint16(len(s))), s...)
}

func (k key) number(n uint64) key { return binary.BigEndian.AppendUint64(k, n) }

// lastNumber returns the number that a key ends in.
func lastNumber(k []byte) uint64 { return binary.BigEndian.Uint64(k[len(k)-8:]) }

func checkpointKey(projection string) []byte { return append(key{tableCheckpoint}, projection...) }

func buildKey(projection string) []byte { return append(key{tableBuild}, projection...) }

func forgottenKey(of []byte) []byte { return append(key{tableForgotten}, of...) }

func rowsPrefix(projection string) key { return key{tableRows}.text(projection) }

func generationPrefix(projection string, generation uint64) key {
	return rowsPrefix(projection).number(generation)
}

// prefixEnd returns the smallest key behind every key that begins with prefix.
// No prefix of ours is all 0xff.
func prefixEnd(prefix []byte) []byte {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] != 0xff {
			end := append([]byte(nil), prefix[:i+1]...)
			end[i]++
			return end
		}
	}
	return nil
}
