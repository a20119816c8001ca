package reference

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed page.html
var layout string

// page is what the page shows.
type page struct {
	Title, Version string
	About          []string
	Services       []service
	Reasons        []value
	Types          []kind
}

type service struct {
	Name, About string
	Calls       []call
}

// call is one method or route.
type call struct {
	Anchor, Name, Verb, Path string
	About                    []string
	Parameters               []parameter
	Takes, Gives             kind
	Curl                     string
}

// kind is a message or an enum.
type kind struct {
	Name   string
	About  []string
	Fields []field
	Values []value
}

type field struct {
	Name, Type, Ref string
	About           []string
}

type value struct{ Name, About string }

const reasons = "weiche.error.v1.Reason"

// render makes the page of an OpenAPI in YAML.
func render(text []byte) ([]byte, error) {
	var d document
	if err := yaml.Unmarshal(text, &d); err != nil {
		return nil, err
	}
	p := page{Title: d.Info.Title, Version: d.Info.Version, About: paragraphs(d.Info.Description)}
	for _, tag := range d.Tags {
		s := service{Name: tag.Name, About: tag.Description}
		for _, path := range d.Paths {
			for verb, o := range path.Value {
				if len(o.Tags) == 1 && o.Tags[0] == tag.Name {
					s.Calls = append(s.Calls, d.call(strings.ToUpper(verb), path.Name, o))
				}
			}
		}
		p.Services = append(p.Services, s)
	}
	for _, named := range d.Components.Schemas {
		t := d.kind(named.Name)
		if named.Name == reasons {
			p.Reasons = t.Values
		}
		p.Types = append(p.Types, t)
	}
	parsed, err := template.New("page").Parse(layout)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = parsed.Execute(&out, p)
	return out.Bytes(), err
}

// call returns what the page shows of a call.
func (d *document) call(verb, path string, o operation) call {
	c := call{Name: path[strings.LastIndex(path, "/")+1:], Verb: verb, Path: path, Parameters: o.Parameters}
	if !strings.HasPrefix(path, "/weiche.") {
		c.Name = path
	}
	c.Anchor = strings.NewReplacer("/", "-", "{", "", "}", "").Replace(strings.Trim(path, "/"))
	if c.About = paragraphs(o.Description); len(c.About) == 0 || o.Parameters != nil {
		c.About = append([]string{o.Summary}, c.About...)
	}
	takesType, takes := o.RequestBody.of()
	c.Takes = d.kind(takes)
	if o.Responses != nil {
		_, gives := o.Responses.Success.of()
		c.Gives = d.kind(gives)
	}
	token := o.Security == nil || len(*o.Security) > 0
	c.Curl = d.curl(verb, path, takesType, takes, token, o.Parameters)
	return c
}

// curl is a command line that makes the call.
func (d *document) curl(verb, path, contentType, takes string, token bool, parameters []parameter) string {
	var query []string
	for _, p := range parameters {
		if p.In == "query" {
			query = append(query, p.Name+"="+strings.ToUpper(p.Name))
		}
	}
	if len(query) > 0 {
		path += "?" + strings.Join(query, "&")
	}
	lines := []string{fmt.Sprintf("curl \"$WEICHE%s\"", strings.NewReplacer("{", "$", "}", "").Replace(path))}
	if token {
		lines = append(lines, `-H "Authorization: Bearer $TOKEN"`)
	}
	switch {
	case verb == "GET":
	case contentType == "application/json":
		lines = append(lines, `-H 'Content-Type: application/json'`, "-d '"+d.example(takes)+"'")
	case contentType == "application/octet-stream":
		lines = append(lines, "--data-binary @FILE")
	default:
		// An envelope of five bytes stands before each message, which curl cannot
		// make; buf can.
		return fmt.Sprintf("buf curl \"$WEICHE%s\" --header \"Authorization: Bearer $TOKEN\" -d '%s'", path, d.example(takes))
	}
	return strings.Join(lines, " \\\n  ")
}

// example is a message with its plain fields.
func (d *document) example(name string) string {
	s, _ := d.Components.Schemas.find(name)
	var fields []string
	for _, p := range s.Properties {
		var of any
		target, _ := d.Components.Schemas.find(p.Value.refersTo())
		switch {
		case strings.Contains(p.Value.Description, "One of the fields of "):
			continue
		case p.Value.Type == "string" && strings.HasSuffix(p.Name, "Id"):
			of = strings.ToUpper(strings.TrimSuffix(p.Name, "Id"))
		case p.Name == "clientToken":
			of = "example-1"
		case p.Name == "text":
			of = "Hello"
		case p.Value.Type == "string" && p.Value.Format == "":
			of = ""
		case len(target.Enum) > 1:
			of = target.Enum[1]
		default:
			continue
		}
		if of == "" {
			continue
		}
		text, _ := json.Marshal(of)
		fields = append(fields, fmt.Sprintf("%q: %s", p.Name, text))
	}
	return "{" + strings.Join(fields, ", ") + "}"
}

// kind returns a message or an enum by its name.
func (d *document) kind(name string) kind {
	s, ok := d.Components.Schemas.find(name)
	if !ok {
		return kind{Name: name}
	}
	k := kind{Name: name, About: paragraphs(s.Description)}
	for _, p := range s.Properties {
		f := field{Name: p.Name, About: paragraphs(p.Value.Description), Ref: p.Value.refersTo(), Type: p.Value.Type}
		if p.Value.Format != "" {
			f.Type = p.Value.Format
		}
		if p.Value.Items != nil {
			f.Type, f.Ref = "list of "+p.Value.Items.Type, p.Value.Items.refersTo()
		}
		k.Fields = append(k.Fields, f)
	}
	for _, word := range s.Enum {
		k.Values = append(k.Values, value{word, s.Meanings[word]})
	}
	return k
}

// paragraphs divides a text where it has an empty line.
func paragraphs(text string) []string {
	var all []string
	for part := range strings.SplitSeq(text, "\n\n") {
		if part = strings.TrimSpace(part); part != "" {
			all = append(all, part)
		}
	}
	return all
}
