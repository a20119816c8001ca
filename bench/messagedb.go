package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"
)

// What message-db is installed from, and the folder in which it stays: of this
// module, and not committed.
const (
	messageDBPackage = "@eventide/message-db@1.3.1"
	messageDBFile    = "eventide-message-db-1.3.1.tgz"
	messageDBCache   = "cache"
	messageDBPath    = "message_store,public"
)

// messageDB is message-db's own SQL by its path in the package.
type messageDB map[string]string

// fetchMessageDB reads the package, after npm has fetched it once.
func fetchMessageDB(ctx context.Context) (messageDB, error) {
	file := filepath.Join(messageDBCache, messageDBFile)
	packed, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		npm, err := exec.LookPath("npm")
		if err != nil {
			return nil, missing("npm fetches message-db, and is not installed: apt-get install npm, or put %s into bench/%s", messageDBFile, messageDBCache)
		}
		if err := os.MkdirAll(messageDBCache, 0o755); err != nil {
			return nil, err
		}
		cmd := exec.CommandContext(ctx, npm, "pack", messageDBPackage, "--silent", "--pack-destination", messageDBCache)
		if text, err := cmd.CombinedOutput(); err != nil {
			return nil, missing("npm pack %s: %v: %s", messageDBPackage, err, bytes.TrimSpace(text))
		}
		if packed, err = os.ReadFile(file); err != nil {
			return nil, err
		}
	} else if err != nil {
		return nil, err
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	sql := messageDB{}
	for files := tar.NewReader(unzipped); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return sql, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		name, ok := strings.CutPrefix(header.Name, "package/database/")
		if !ok || filepath.Ext(name) != ".sql" {
			continue
		}
		text, err := io.ReadAll(files)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		sql[strings.TrimSuffix(name, ".sql")] = string(text)
	}
}

// run runs files of the package on a connection, in their order.
func (m messageDB) run(ctx context.Context, conn *pgx.Conn, names ...string) error {
	for _, name := range names {
		text, ok := m[name]
		if !ok {
			return fmt.Errorf("%s has no %s", messageDBPackage, name)
		}
		if _, err := conn.PgConn().Exec(ctx, text).ReadAll(); err != nil {
			return fmt.Errorf("message-db: %s: %w", name, err)
		}
	}
	return nil
}

// install makes message-db's database in a cluster, in the order of its own
// install.sh. fill, if not nil, is called before there are indexes.
func (m messageDB) install(ctx context.Context, p *postgres, fill func(*pgx.Conn) error) (err error) {
	conn, err := pgx.Connect(ctx, p.url("postgres", messageDBPath))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	if err := m.run(ctx, conn,
		"roles/message-store", "schema/message-store", "extensions/pgcrypto", "tables/messages", "types/message",
		"functions/message-store-version", "functions/hash-64", "functions/acquire-lock", "functions/category",
		"functions/is-category", "functions/id", "functions/cardinal-id", "functions/stream-version",
		"functions/write-message", "functions/get-stream-messages", "functions/get-category-messages",
		"functions/get-last-stream-message"); err != nil {
		return err
	}
	if fill != nil {
		if err := fill(conn); err != nil {
			return err
		}
	}
	if err := m.run(ctx, conn, "indexes/messages-id", "indexes/messages-stream", "indexes/messages-category"); err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "VACUUM ANALYZE message_store.messages")
	return err
}
