package setting

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
)

// fileSuffix ends the name of a variable that names a file with the value.
const fileSuffix = "_FILE"

// ConfigVariable returns the variable that names the file of settings.
func (t Table) ConfigVariable() string { return t.Prefix + "CONFIG" }

// services is what Kubernetes and Docker tell each container of services that are
// called like the program; nobody has set it.
var services = regexp.MustCompile(`_SERVICE_HOST$|_SERVICE_PORT(_[A-Z0-9_]+)?$|PORT_[0-9]+_(TCP|UDP|SCTP)(_(ADDR|PORT|PROTO))?$`)

// isService says whether a variable is told by Kubernetes or Docker.
func (t Table) isService(name, value string) bool {
	rest := "_" + strings.TrimPrefix(name, t.Prefix)
	return services.MatchString(rest) || strings.HasSuffix(rest, "_PORT") && strings.Contains(value, "://")
}

// readEnviron reads the variables of the environment.
func (t Table) readEnviron(into *layer, environ []string) error {
	var wrong []error
	environ = slices.Sorted(slices.Values(environ))
	for _, variable := range environ {
		name, value, ok := strings.Cut(variable, "=")
		if !ok || !strings.HasPrefix(name, t.Prefix) || name == t.ConfigVariable() || t.isService(name, value) {
			continue
		}
		s, inFile, ok := t.byVariable(name)
		switch {
		case !ok:
			known := t.names(func(s Setting) string { return s.Variable(t.Prefix) })
			wrong = append(wrong, fmt.Errorf("%s: there is no such setting%s", name, meant(name, append(known, t.ConfigVariable()))))
			continue
		case into.from[s.Name] != "":
			wrong = append(wrong, fmt.Errorf("%s: %s is set, too", name, into.from[s.Name]))
			continue
		case value == "":
			// As good as not set: it is how a variable is taken away in a compose file.
			continue
		case inFile:
			text, err := os.ReadFile(value)
			if err != nil {
				wrong = append(wrong, fmt.Errorf("%s: %w", name, err))
				continue
			}
			value = strings.TrimRight(string(text), "\r\n")
		}
		wrong = append(wrong, into.set(s, s.kind.parts(value), name))
	}
	return errors.Join(wrong...)
}

// byVariable returns the setting that a variable has, and whether in a file.
func (t Table) byVariable(name string) (found Setting, inFile, ok bool) {
	for _, s := range t.Settings {
		switch variable := s.Variable(t.Prefix); name {
		case variable:
			return s, false, true
		case variable + fileSuffix:
			found, inFile, ok = s, true, true
		}
	}
	return found, inFile, ok
}
