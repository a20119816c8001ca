package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// postgres is a cluster of its own in a folder, reached by a Unix socket there.
type postgres struct {
	*process
	dir string
}

// startPostgres makes a cluster that syncs each commit, and starts it. Postgres
// refuses to run as root: then it runs as the user that its package made.
func startPostgres(ctx context.Context, in string) (*postgres, error) {
	programs, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil {
		return nil, err
	}
	if len(programs) == 0 {
		return nil, missing("no PostgreSQL under /usr/lib/postgresql: apt-get install --no-install-recommends postgresql")
	}
	program := slices.Max(programs)
	// The path of a socket is short.
	dir, err := os.MkdirTemp(in, "pg-")
	if err != nil {
		return nil, err
	}
	p := &postgres{dir: dir}
	who, err := unprivileged()
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if who != nil {
		if err := os.Chown(dir, int(who.Uid), int(who.Gid)); err != nil {
			return nil, errors.Join(err, os.RemoveAll(dir))
		}
	}
	command := func(program string, args ...string) *exec.Cmd {
		cmd := exec.Command(program, args...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "LC_ALL=C")
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: who}
		return cmd
	}
	data := filepath.Join(dir, "data")
	made := command(filepath.Join(filepath.Dir(program), "initdb"), "-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C")
	if text, err := made.CombinedOutput(); err != nil {
		return nil, errors.Join(fmt.Errorf("initdb: %w: %s", err, text), os.RemoveAll(dir))
	}
	server := command(program, "-D", data, "-k", dir, "-c", "listen_addresses=",
		"-c", "fsync=on", "-c", "synchronous_commit=on", "-c", "full_page_writes=on",
		"-c", "shared_buffers=512MB", "-c", "max_wal_size=4GB", "-c", "checkpoint_timeout=15min", "-c", "max_connections=100")
	p.process, err = start(ctx, dir, server, "", func(ctx context.Context) bool {
		conn, err := pgx.Connect(ctx, p.url("postgres", ""))
		if err != nil {
			return false
		}
		return conn.Close(ctx) == nil
	})
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	p.end = syscall.SIGINT // it does not wait for those who are connected
	return p, nil
}

// unprivileged returns whom a server runs as that refuses root, nil where this
// program is not root itself.
func unprivileged() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	who, err := user.Lookup("postgres")
	if err != nil {
		if who, err = user.Lookup("nobody"); err != nil {
			return nil, err
		}
	}
	uid, err := strconv.ParseUint(who.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(who.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, err
}

func (p *postgres) url(database, path string) string {
	url := fmt.Sprintf("host=%s user=postgres dbname=%s", p.dir, database)
	if path != "" {
		url += " search_path=" + path
	}
	return url
}

// pool connects a number of clients, each of which prepares its statements once.
func (p *postgres) pool(ctx context.Context, database, path string, clients int) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(p.url(database, path))
	if err != nil {
		return nil, err
	}
	config.MaxConns, config.MinConns = int32(clients), int32(clients)
	return pgxpool.NewWithConfig(ctx, config)
}

// checkpoint has the server write what it has not written yet.
func (p *postgres) checkpoint(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, p.url("postgres", ""))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "CHECKPOINT")
	return errors.Join(err, conn.Close(ctx))
}

// remove ends the server and removes its folder.
func (p *postgres) remove() error {
	return errors.Join(p.stop(), os.RemoveAll(p.dir))
}
