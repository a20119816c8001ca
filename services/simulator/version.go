package simulator

import (
	"regexp"
	"slices"
	"strconv"
)

// oldestVersion is the oldest Graph version that is still answered.
const oldestVersion = 21

var versionForm = regexp.MustCompile(`^v([1-9][0-9]?)\.[0-9]$`)

// answers reports whether the Graph API of a version is there. s.mu is held.
func (s *Simulator) answers(version string) bool {
	found := versionForm.FindStringSubmatch(version)
	switch {
	case found == nil:
		return false
	case slices.Contains(s.config.Versions, "*"):
		return true
	case len(s.config.Versions) > 0:
		return slices.Contains(s.config.Versions, version)
	}
	n, err := strconv.Atoi(found[1])
	return err == nil && n >= oldestVersion
}
