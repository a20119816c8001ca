package eventstore

// chain follows records from the first one on, and finds what cannot follow what
// came before.
type chain struct {
	position uint64
	hash     [32]byte
	more     uint32 // events that the commit under way still has
}

// add goes on to the next record, or says what is wrong with it.
func (c *chain) add(r *Record) error {
	wrong := func(kind DamageKind, what string) error {
		return &CorruptError{kind: kind, What: what, Position: r.Position, Stream: r.Stream}
	}
	switch {
	case r.Position != c.position+1:
		return missing(c.position + 1)
	case r.PreviousHash != c.hash:
		return wrong(DamageLog, "the chain is broken: a record does not hold the hash of the one before")
	case c.more > 0 && r.More != c.more-1:
		return wrong(DamageLog, "a commit is torn")
	case !r.Redacted() && sealedHash(r.Sealed) != r.SealedHash:
		return wrong(DamageSealed, "the sealed part does not have its hash")
	}
	c.position, c.hash, c.more = r.Position, r.Hash(), r.More
	return nil
}
