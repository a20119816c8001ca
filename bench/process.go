package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a server that was started for a comparison.
type process struct {
	cmd     *exec.Cmd
	address string
	log     string // a file with what it wrote
	done    chan error
	// ready is how long it took from its start to its first answer.
	ready time.Duration
	// end asks it to end; SIGTERM if nil.
	end os.Signal
}

// startServer starts a program and waits until it answers over HTTP.
func startServer(ctx context.Context, dir, program string, args func(address string) []string) (*process, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	return start(ctx, dir, exec.Command(program, args(address)...), address, func(ctx context.Context) bool {
		return answers(ctx, address)
	})
}

// start starts a program and waits until it is ready.
func start(ctx context.Context, dir string, cmd *exec.Cmd, address string, ready func(context.Context) bool) (*process, error) {
	p := &process{cmd: cmd, address: address, log: filepath.Join(dir, filepath.Base(cmd.Path)+".log"), done: make(chan error, 1)}
	log, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	// It ends with this program, however that ends.
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() { p.done <- cmd.Wait() }()
	for {
		if ready(ctx) {
			p.ready = time.Since(began)
			return p, nil
		}
		select {
		case err := <-p.done:
			p.done <- err
			return nil, fmt.Errorf("%s ended: %w: %s", cmd.Path, err, p.wrote())
		case <-time.After(2 * time.Millisecond):
		}
		if time.Since(began) > 30*time.Second || ctx.Err() != nil {
			return nil, errors.Join(fmt.Errorf("%s did not answer: %s", cmd.Path, p.wrote()), ctx.Err(), p.stop())
		}
	}
}

// answers says whether somebody answers, whatever it is.
func answers(ctx context.Context, address string) bool {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/", nil)
	if err != nil {
		return false
	}
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	response.Body.Close()
	return true
}

func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}

// wrote returns the end of what the process wrote.
func (p *process) wrote() string {
	text, _ := os.ReadFile(p.log)
	if len(text) > 2000 {
		text = text[len(text)-2000:]
	}
	return string(bytes.TrimSpace(text))
}

// stop asks the process to end, and waits for it.
func (p *process) stop() error {
	var end os.Signal = syscall.SIGTERM
	if p.end != nil {
		end = p.end
	}
	if err := p.cmd.Process.Signal(end); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case err := <-p.done:
		p.done <- err
		if err != nil {
			return fmt.Errorf("%w: %s", err, p.wrote())
		}
		return nil
	case <-time.After(20 * time.Second):
		return errors.Join(errors.New("the server did not end"), p.cmd.Process.Kill())
	}
}

// cpu returns the processor time that a process has used, 0 if it is gone.
func cpu(pid int) time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	// The name, in brackets, may hold spaces; user and system time are the
	// 12th and 13th fields behind it, in hundredths of a second.
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * 10 * time.Millisecond
}

func (p *process) cpu() time.Duration { return cpu(p.cmd.Process.Pid) }

// settle waits until the process does nothing any more, and returns how long
// that took.
func (p *process) settle(ctx context.Context) time.Duration { return settle(ctx, p.cmd.Process.Pid) }

func settle(ctx context.Context, pid int) time.Duration {
	const look, quiet = 100 * time.Millisecond, 3
	start, last := time.Now(), cpu(pid)
	for still := 0; still < quiet && time.Since(start) < time.Minute && ctx.Err() == nil; {
		time.Sleep(look)
		now := cpu(pid)
		if still++; now-last > 10*time.Millisecond {
			still = 0
		}
		last = now
	}
	return max(0, time.Since(start)-quiet*look)
}

// memory returns the resident and the highest resident memory of the process, in
// MB.
func (p *process) memory() (now, most float64, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		kilobytes, _ := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 64)
		switch name {
		case "VmRSS":
			now = kilobytes / 1000
		case "VmHWM":
			most = kilobytes / 1000
		}
	}
	return now, most, nil
}
