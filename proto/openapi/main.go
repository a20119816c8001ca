// Command openapi is a plugin of protoc that describes the public services as OpenAPI
// 3.1: their calls by the Connect protocol with JSON. What no proto file says stands in
// base.yaml.
package main

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/pluginpb"
)

//go:embed base.yaml
var base string

// public are the services that everybody can reach. The OperationsService is on the
// admin address.
var public = []protoreflect.FullName{
	"weiche.widget.v1.WidgetService", "weiche.workspace.v1.WorkspaceService", "weiche.workspace.v1.AccessService",
	"weiche.stream.v1.StreamService", "weiche.admin.v1.AdminService",
}

// errorInfo is the message that each error has.
const errorInfo = "weiche.error.v1.ErrorInfo"

func main() {
	protogen.Options{}.Run(func(plugin *protogen.Plugin) error {
		plugin.SupportedFeatures = uint64(pluginpb.CodeGeneratorResponse_FEATURE_PROTO3_OPTIONAL)
		text, err := describe(plugin)
		if err != nil {
			return err
		}
		plugin.NewGeneratedFile("openapi.yaml", "").P(text)
		return nil
	})
}

// describe returns the whole description.
func describe(plugin *protogen.Plugin) (string, error) {
	services := map[protoreflect.FullName]*protogen.Service{}
	d := &description{schemas: map[string]string{}}
	for _, file := range plugin.Files {
		for _, service := range file.Services {
			services[service.Desc.FullName()] = service
		}
		for _, message := range file.Messages {
			if message.Desc.FullName() == errorInfo {
				d.message(message)
			}
		}
	}
	var tags, paths writer
	for _, name := range public {
		service := services[name]
		if service == nil {
			return "", fmt.Errorf("there is no service %s", name)
		}
		tags.line(1, "- name: "+service.GoName)
		tags.text(2, "description", comment(service.Comments))
		for _, method := range service.Methods {
			d.method(&paths, method)
		}
	}
	var schemas writer
	for _, name := range slices.Sorted(maps.Keys(d.schemas)) {
		schemas.b.WriteString(d.schemas[name])
	}
	text := base
	for mark, with := range map[string]string{"  # TAGS\n": tags.String(), "  # PATHS\n": paths.String(), "    # SCHEMAS\n": schemas.String()} {
		if !strings.Contains(text, mark) {
			return "", fmt.Errorf("base.yaml has no %q", mark)
		}
		text = strings.Replace(text, mark, with, 1)
	}
	return strings.TrimRight(text, "\n"), nil
}

// comment is what stands above something in a proto file.
func comment(c protogen.CommentSet) string {
	var lines []string
	for line := range strings.Lines(string(c.Leading)) {
		lines = append(lines, strings.TrimSpace(line))
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// summary is the first sentence of a comment, in one line.
func summary(comment string) string {
	line := strings.Join(strings.Fields(comment), " ")
	if first, _, more := strings.Cut(line, ". "); more {
		return first + "."
	}
	return line
}
