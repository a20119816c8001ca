package setting

import (
	"errors"
	"reflect"
	"strings"

	"github.com/spf13/pflag"
)

// flag is a flag of a setting.
type flag struct {
	setting Setting
	text    string
	set     bool
}

// Set is part of pflag.Value. What is said of a list or a map again is added.
func (f *flag) Set(text string) error {
	if _, err := f.setting.parse(f.setting.kind.parts(text)); err != nil {
		return err
	}
	if f.setting.kind.many && f.set && f.text != "" {
		text = f.text + "," + text
	}
	f.text, f.set = text, true
	return nil
}

// String is part of pflag.Value.
func (f *flag) String() string { return f.text }

// Type is part of pflag.Value, which knows what a bool is.
func (f *flag) Type() string {
	if f.isBool() {
		return "bool"
	}
	return f.setting.Kind
}

func (f *flag) isBool() bool { return f.setting.kind.word == kinds[reflect.TypeFor[bool]()].word }

// AddFlags adds the flags of settings, all of them if none are named. A name that
// the table does not have is a bug.
func (t Table) AddFlags(to *pflag.FlagSet, names ...string) {
	if len(names) == 0 {
		names = t.names(func(s Setting) string { return s.Name })
	}
	for _, name := range names {
		s, ok := t.Find(name)
		if !ok {
			panic("setting: there is no " + name)
		}
		// In the help, quotes would name the value.
		added := to.VarPF(&flag{setting: s, text: s.Default}, name, "", strings.ReplaceAll(s.Meaning, "`", "'"))
		if added.Value.(*flag).isBool() {
			added.NoOptDefVal = "true"
		}
	}
}

// readFlags reads the flags that were said.
func (t Table) readFlags(into *layer, flags *pflag.FlagSet) error {
	if flags == nil {
		return nil
	}
	var wrong []error
	flags.VisitAll(func(f *pflag.Flag) {
		if ours, ok := f.Value.(*flag); ok && ours.set {
			wrong = append(wrong, into.set(ours.setting, ours.setting.kind.parts(ours.text), "--"+f.Name))
		}
	})
	return errors.Join(wrong...)
}
