package simulator

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
)

// idSource makes ids that look like the provider's and repeat for a seed.
type idSource struct {
	seed int64
	n    uint64
}

func (i *idSource) next(kind string) [32]byte {
	i.n++
	return hash(i.seed, kind, fmt.Sprint(i.n))
}

// wamid returns a WhatsApp message id. As at the provider it holds the other
// party's address, which makes it personal data.
func (i *idSource) wamid(address string, inbound bool) string {
	if len(address) > 40 {
		address = address[:40]
	}
	direction := byte(0x11)
	if inbound {
		direction = 0x12
	}
	sum := i.next("wamid")
	id := strings.ToUpper(hex.EncodeToString(sum[:10]))
	raw := []byte{0x1c, 0x18, byte(len(address))}
	raw = append(raw, address...)
	raw = append(raw, 0x15, 0x02, 0x00, direction, 0x18, byte(len(id)))
	raw = append(raw, id...)
	return "wamid." + base64.StdEncoding.EncodeToString(append(raw, 0))
}

func (i *idSource) mid(channel Channel) string {
	sum := i.next("mid")
	if channel == ChannelInstagram {
		return "aWdfZAG1faXRlbToxOk" + base64.RawURLEncoding.EncodeToString(sum[:])
	}
	return "m_" + base64.RawURLEncoding.EncodeToString(sum[:])
}

func (i *idSource) trace() string {
	sum := i.next("trace")
	return "A" + base64.RawURLEncoding.EncodeToString(sum[:16])
}

func (i *idSource) challenge() string {
	sum := i.next("challenge")
	return fmt.Sprint(binary.BigEndian.Uint32(sum[:4]))
}

// digits returns n decimal digits that follow from the seed and the names and
// do not begin with 0.
func digits(n int, seed int64, names ...string) string {
	sum := hash(seed, names...)
	out := make([]byte, n)
	for i := range out {
		out[i] = '0' + sum[i%len(sum)]%10
	}
	out[0] = '1' + sum[0]%9
	return string(out)
}

func hash(seed int64, names ...string) [32]byte {
	return sha256.Sum256([]byte(fmt.Sprintf("%d\x00%s", seed, strings.Join(names, "\x00"))))
}
