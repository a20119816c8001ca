package meta

import (
	"crypto/tls"
	"net"
	"net/http/httptrace"
	"sync/atomic"
)

// departure watches whether a byte of a request has left. The transport may
// take a second connection where nothing was written to the first; the last one
// counts.
type departure struct {
	conn  atomic.Pointer[countedConn]
	start atomic.Int64
	blind atomic.Bool
}

func (d *departure) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn: func(string) {
			d.conn.Store(nil)
			d.blind.Store(false)
		},
		GotConn: func(info httptrace.GotConnInfo) {
			conn := info.Conn
			if secure, ok := conn.(*tls.Conn); ok {
				conn = secure.NetConn()
			}
			c, ok := conn.(*countedConn)
			if !ok {
				d.blind.Store(true)
				return
			}
			d.start.Store(c.written.Load())
			d.conn.Store(c)
		},
	}
}

func (d *departure) happened() bool {
	c := d.conn.Load()
	return d.blind.Load() || c != nil && c.written.Load() != d.start.Load()
}

// countedConn counts the bytes that have left, or may have while they are being
// written.
type countedConn struct {
	net.Conn
	written atomic.Int64
}

func counted(conn net.Conn, err error) (net.Conn, error) {
	if err != nil {
		return nil, err
	}
	return &countedConn{Conn: conn}, nil
}

// Write counts all bytes while it writes, and those that it wrote afterwards.
func (c *countedConn) Write(b []byte) (int, error) {
	c.written.Add(int64(len(b)))
	n, err := c.Conn.Write(b)
	c.written.Add(int64(n - len(b)))
	return n, err
}
