package simulator

import "slices"

// ExpireToken makes the tokens of an integration expire: every call with them
// is answered with 190/463 until RenewToken. An Instagram account shares the
// tokens of its page.
func (s *Simulator) ExpireToken(integration string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	in, err := s.findIntegration(integration)
	if err != nil {
		return err
	}
	for _, token := range in.tokens {
		s.lapsed[token] = true
	}
	s.touch()
	return nil
}

// RenewToken ends what ExpireToken began. With a token, that one takes the
// place of the integration's own; without, the old ones are valid again.
func (s *Simulator) RenewToken(integration, token string) error {
	s.mu.Lock()
	in, err := s.findIntegration(integration)
	if err != nil {
		s.mu.Unlock()
		return err
	}
	if token == "" {
		for _, old := range in.tokens {
			delete(s.lapsed, old)
		}
	}
	id := in.id
	s.touch()
	s.mu.Unlock()
	if token == "" {
		return nil
	}
	return s.UpdateConfig(func(c *Config) error {
		for i := range c.Numbers {
			if c.Numbers[i].ID == id {
				c.Numbers[i].Token = token
			}
		}
		for i := range c.Pages {
			if c.Pages[i].ID == id {
				c.Pages[i].Token = token
			}
		}
		for i := range c.Instagrams {
			if c.Instagrams[i].ID == id {
				c.Instagrams[i].Token = token
			}
		}
		return nil
	})
}

// expired reports whether a token has expired. s.mu is held.
func (s *Simulator) expired(token string) bool { return s.lapsed[token] }

// accepts reports whether a token is for in, or for an integration that shares
// its media: the same page or its Instagram accounts. s.mu is held.
func (s *Simulator) accepts(in *integration, token string) bool {
	return token != "" && slices.Contains(in.tokens, token)
}
