package outbound

import (
	"errors"
	"io"
	"time"
)

const (
	// drainBytes of an unread rest are read on Close, for at most drainTime, so that the connection can be used again.
	drainBytes = 16 << 10
	drainTime  = 200 * time.Millisecond
)

// body is a response's body under its deadlines and its limit.
type body struct {
	x    *exchange
	rest io.ReadCloser
	most int64
	left int64
	idle *time.Timer
	err  error // what every further Read answers
}

func newBody(x *exchange, rest io.ReadCloser, most int64) *body {
	b := &body{x: x, rest: rest, most: most, left: most}
	b.idle = time.AfterFunc(x.deadlines.Idle, func() { x.stop(errIdle) })
	b.idle.Stop() // runs during Read only: a slow caller is not the other side's fault
	return b
}

// Read implements io.Reader. Its errors are io.EOF or faults.
func (b *body) Read(p []byte) (int, error) {
	return b.read(p, b.x.deadlines.Idle)
}

func (b *body) read(p []byte, pause time.Duration) (int, error) {
	if b.err != nil || len(p) == 0 {
		return 0, b.err
	}
	if int64(len(p)) > b.left {
		p = p[:b.left+1] // one more than may be there
	}
	b.idle.Reset(pause)
	n, err := b.rest.Read(p)
	b.idle.Stop()

	switch {
	case int64(n) > b.left:
		n = int(b.left)
		b.fail(tooLarge(b.x.host, b.most))
	case err == io.EOF:
		b.err = io.EOF
		b.x.end()
	case err != nil:
		b.fail(b.x.bodyFault(err))
	}
	b.left -= int64(n)
	return n, b.err
}

func (b *body) fail(err error) {
	b.err = err
	b.x.end() // closes the connection
	_ = b.rest.Close()
}

// Close implements io.Closer; it may be called twice, but not during Read.
func (b *body) Close() error {
	if b.err == nil {
		b.drain()
	}
	if b.err == nil {
		b.err = errClosed
		b.x.end()
	}
	_ = b.rest.Close() // after end there is nothing left that could fail
	return nil
}

var errClosed = errors.New("read on a closed body")

func (b *body) drain() {
	var waste [2048]byte
	until := time.Now().Add(drainTime)
	for got := 0; got < drainBytes && b.err == nil; {
		pause := time.Until(until)
		if pause <= 0 {
			return
		}
		n, _ := b.read(waste[:], pause)
		got += n
	}
}
