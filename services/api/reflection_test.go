package api_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"

	widgetv1 "weiche/proto/gen/weiche/widget/v1"
)

// asked is what a client of reflection asks, and what it is told.
type asked struct {
	list   func() ([]string, error)
	symbol func(name string) ([][]byte, error)
}

// TestReflection asks as grpcurl does, over gRPC on the port of the API, and calls
// what it has found.
func TestReflection(t *testing.T) {
	s := newStage(t, nil)
	conn, err := grpc.NewClient(strings.TrimPrefix(s.server.URL, "http://"), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, version := range []string{"v1", "v1alpha"} {
		t.Run(version, func(t *testing.T) {
			client := asks(t.Context(), conn, version)
			services, err := client.list()
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			for procedure := range procedures(t) {
				service := strings.Trim(serviceOf(procedure), "/")
				if serviceOf(procedure) != operationsService && !slices.Contains(want, service) {
					want = append(want, service)
				}
			}
			slices.Sort(services)
			slices.Sort(want)
			if !slices.Equal(services, want) {
				t.Errorf("there are %q, want %q", services, want)
			}
			for _, service := range services {
				files, err := client.symbol(service)
				if err != nil || len(files) == 0 {
					t.Errorf("%s: %v", service, err)
					continue
				}
				file := &descriptorpb.FileDescriptorProto{}
				if err := proto.Unmarshal(files[0], file); err != nil || !strings.HasPrefix(service, file.GetPackage()+".") {
					t.Errorf("%s is in %s (%v)", service, file.GetName(), err)
				}
			}
			if files, err := client.symbol("weiche.error.v1.ErrorInfo"); err != nil || len(files) == 0 {
				t.Errorf("nobody can read the details of errors: %v", err)
			}
			for _, hidden := range []string{strings.Trim(operationsService, "/"), "weiche.query.v1.AccountSnapshot"} {
				if files, err := client.symbol(hidden); err == nil && len(files) > 0 {
					t.Errorf("%s is told to everybody", hidden)
				}
			}
		})
	}
	session := &widgetv1.OpenSessionResponse{}
	if err := conn.Invoke(t.Context(), widgetService+"OpenSession", &widgetv1.OpenSessionRequest{WidgetId: "shop"}, session); err != nil || session.GetSessionToken() == "" {
		t.Errorf("a call over gRPC: %v, %v", session, err)
	}
}

// asks asks by a version of the protocol. Their messages look the same on the wire.
func asks(ctx context.Context, conn *grpc.ClientConn, version string) asked {
	ask := func(request *reflectionv1.ServerReflectionRequest) (*reflectionv1.ServerReflectionResponse, error) {
		stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true},
			"/grpc.reflection."+version+".ServerReflection/ServerReflectionInfo")
		if err != nil {
			return nil, err
		}
		if err := stream.SendMsg(request); err != nil {
			return nil, err
		}
		defer func() { _ = stream.CloseSend() }()
		answer := &reflectionv1.ServerReflectionResponse{}
		return answer, stream.RecvMsg(answer)
	}
	return asked{
		list: func() (names []string, err error) {
			answer, err := ask(&reflectionv1.ServerReflectionRequest{MessageRequest: &reflectionv1.ServerReflectionRequest_ListServices{}})
			for _, service := range answer.GetListServicesResponse().GetService() {
				names = append(names, service.GetName())
			}
			return names, err
		},
		symbol: func(name string) ([][]byte, error) {
			answer, err := ask(&reflectionv1.ServerReflectionRequest{
				MessageRequest: &reflectionv1.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: name},
			})
			return answer.GetFileDescriptorResponse().GetFileDescriptorProto(), err
		},
	}
}
