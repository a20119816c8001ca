package api

import (
	"net/http"

	v1 "connectrpc.com/connect"
	"connectrpc.com/grpcreflect"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"weiche/proto/gen/weiche/admin/v1/adminv1connect"
	errorv1 "weiche/proto/gen/weiche/error/v1"
	"weiche/proto/gen/weiche/stream/v1/streamv1connect"
	"weiche/proto/gen/weiche/widget/v1/widgetv1connect"
	"weiche/proto/gen/weiche/workspace/v1/workspacev1connect"
)

// reflected are the services that a caller may ask after: those of New.
var reflected = []string{
	widgetv1connect.WidgetServiceName, workspacev1connect.WorkspaceServiceName, workspacev1connect.AccessServiceName,
	streamv1connect.StreamServiceName, adminv1connect.AdminServiceName,
}

// reflect lets grpcurl and the like find out what can be called, without a token: it
// is what /openapi.yaml says, too.
func (s *server) reflect(r routes) {
	reflector := grpcreflect.NewReflector(grpcreflect.NamerFunc(func() []string { return reflected }),
		grpcreflect.WithDescriptorResolver(reflectedFiles()))
	for _, mount := range []func(*grpcreflect.Reflector, ...v1.HandlerOption) (string, http.Handler){
		grpcreflect.NewHandlerV1, grpcreflect.NewHandlerV1Alpha,
	} {
		path, handler := mount(reflector)
		r.Handle(path, http.MaxBytesHandler(handler, maxRequest))
	}
}

// reflectedFiles are the files of those services and of the details of their errors,
// with all that they lead to.
func reflectedFiles() *protoregistry.Files {
	files := &protoregistry.Files{}
	var add func(protoreflect.FileDescriptor)
	add = func(file protoreflect.FileDescriptor) {
		if _, err := files.FindFileByPath(file.Path()); err == nil {
			return
		}
		for at := range file.Imports().Len() {
			add(file.Imports().Get(at).FileDescriptor)
		}
		// It is registered once, and the registry that it comes from takes no two alike.
		_ = files.RegisterFile(file)
	}
	add(errorv1.File_weiche_error_v1_error_proto) // what the details of errors are
	for _, name := range reflected {
		if found, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(name)); err == nil {
			add(found.ParentFile())
		}
	}
	return files
}
