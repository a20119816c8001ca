package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"connectrpc.com/connect/v2/connectinprocess"

	"weiche/eventstore"
	"weiche/proto/gen/weiche/admin/v1/adminv1connect"
	"weiche/services/api"
	"weiche/services/blob"
	"weiche/services/channel"
	"weiche/services/instagram"
	"weiche/services/messenger"
	"weiche/services/operations"
	"weiche/services/router"
	"weiche/services/whatsapp"
)

// readers are the parsers of all channels.
func readers() map[string]channel.Reader {
	return map[string]channel.Reader{
		whatsapp.Channel: whatsapp.Reader{}, messenger.Channel: messenger.Reader{}, instagram.Channel: instagram.Reader{},
	}
}

// operations returns what an operator may do with the folder.
func (f *folder) operations(publisher channel.Publisher, directory channel.Directory, media *blob.Store, logger *slog.Logger) *operations.Operations {
	return operations.New(operations.Config{
		Store: f.store, Keys: f.keys, Views: f.views, Publisher: publisher, Directory: directory, Readers: readers(),
		Media: media, Logger: logger,
	})
}

// operate calls do with what an operator may do with a data folder: by the weiche
// that is running on it, or else on the folder itself.
func operate(ctx context.Context, dir string, do func(context.Context, adminv1connect.OperationsServiceClient) error) error {
	err := withFolder(ctx, dir, func(ctx context.Context, f *folder) error {
		directory, err := router.NewDirectory(ctx, f.store, f.keys)
		if err != nil {
			return err
		}
		engine := router.NewEngine(router.EngineConfig{Store: f.store, Keys: f.keys})
		silent := slog.New(slog.DiscardHandler) // what goes wrong is answered
		server := connect.NewServer(api.AnswerErrors(silent))
		adminv1connect.RegisterOperationsServiceHandler(server, f.operations(router.Direct{Engine: engine}, directory, nil, silent))
		return f.caughtUp(ctx, func() error {
			return do(ctx, adminv1connect.NewOperationsServiceClient(connect.NewClient(connectinprocess.New(server))))
		})
	})
	if !errors.Is(err, eventstore.ErrLocked) {
		return err
	}
	url, failed := readToken(adminURLFile(dir))
	var token string
	if failed == nil {
		token, failed = readToken(tokenFile(dir))
	}
	if failed != nil {
		return fmt.Errorf("%w: %s: another command is at work on it, or a weiche that does not say where it is: %w", eventstore.ErrLocked, dir, failed)
	}
	authorized := func(next connect.ClientFunc) connect.ClientFunc {
		return func(ctx context.Context, spec connect.Spec) (connect.ClientStream, error) {
			ctx, info := connect.NewClientContext(ctx)
			info.RequestHeader().Set("Authorization", "Bearer "+token)
			return next(ctx, spec)
		}
	}
	client := connect.NewClient(connecthttp.NewTransport(http.DefaultClient, url), authorized)
	failed = do(ctx, adminv1connect.NewOperationsServiceClient(client))
	if dial := (*net.OpError)(nil); errors.As(failed, &dial) && dial.Op == "dial" {
		// The address is that of the last server: the folder may be another command's.
		return fmt.Errorf("%w: %s: another command is at work on it, or a weiche that does not answer at %s", eventstore.ErrLocked, dir, url)
	}
	return failed
}

// readToken reads what writeToken has written.
func readToken(path string) (string, error) {
	text, err := os.ReadFile(path)
	return strings.TrimSpace(string(text)), err
}

// urlFile and adminURLFile are where a running server writes its addresses for who may
// read the folder: that of the API, and that for operators. publicURLFile has the one
// that others reach it by, where that is set.
func urlFile(data string) string       { return filepath.Join(data, "tokens", "url") }
func adminURLFile(data string) string  { return filepath.Join(data, "tokens", "admin-url") }
func publicURLFile(data string) string { return filepath.Join(data, "tokens", "public-url") }

// publicURL returns the address that others reach a running server by, or the one that
// is given.
func publicURL(data, otherwise string) string {
	if url, err := readToken(publicURLFile(data)); err == nil {
		return strings.TrimSuffix(url, "/")
	}
	return otherwise
}
