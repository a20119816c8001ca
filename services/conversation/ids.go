package conversation

// crockford is the alphabet of a ULID's text form.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// ids hands out the ids of one decision. They follow from the command's id, so
// that a decision made again makes the same ones: the first is the command's id
// plus one, the next one more. The command's id is random in its last 80 bits,
// so the few after it are nobody else's.
type ids struct{ last string }

// next returns an id that was not returned before.
func (i *ids) next() string {
	digits := []byte(i.last)
	for at := len(digits) - 1; at >= 0; at-- {
		value := digitOf(digits[at])
		if value < len(crockford)-1 {
			digits[at] = crockford[value+1]
			break
		}
		digits[at] = crockford[0]
	}
	i.last = string(digits)
	return i.last
}

// digitOf returns the value of a character; one that is no digit counts as the
// highest, so that the carry goes past it.
func digitOf(char byte) int {
	for value := range len(crockford) {
		if crockford[value] == char {
			return value
		}
	}
	return len(crockford) - 1
}
