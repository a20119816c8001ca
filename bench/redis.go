package main

import (
	"context"
	"net"
	"os/exec"
)

// startRedis starts a Redis of its own, which keeps everything in memory and
// writes nothing to the disk.
func startRedis(ctx context.Context, dir string) (*process, error) {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, missing("no redis-server: apt-get install --no-install-recommends redis-server")
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(program, "--bind", host, "--port", port, "--dir", dir, "--save", "", "--appendonly", "no")
	return start(ctx, dir, cmd, address, func(ctx context.Context) bool {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err != nil {
			return false
		}
		return conn.Close() == nil
	})
}
