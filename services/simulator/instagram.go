package simulator

// maxInstagramText is in bytes of UTF-8, unlike the limits of the others.
const maxInstagramText = 1000

func checkInstagramText(text string) *GraphError {
	if len(text) > maxInstagramText {
		return graphError(100, 0, "(#100) Length of param message[text] must be less than or equal to 1000 bytes")
	}
	return nil
}

// recipient returns who has that PSID or IGSID, and the integration that
// reaches them: in itself, or an Instagram account of the page.
func (s *Simulator) recipient(in *integration, id string) (*person, *integration) {
	if p := s.identities[scopedKey(in.channel, in.id, id)]; p != nil {
		return p, in
	}
	for _, other := range s.integrations {
		if other.page == in.id && in.channel == ChannelMessenger {
			if p := s.identities[scopedKey(ChannelInstagram, other.id, id)]; p != nil {
				return p, other
			}
		}
	}
	return nil, in
}
