package fault

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Error is an error with a kind. Msg is for a person; Op names the operations it passed through, outermost first.
type Error struct {
	Kind Kind
	Op   string
	Msg  string
	// Where names file, line and field of bad input; zero when the error is not about input.
	Where Place
	// After says how long to wait before the same request may be sent again (RateLimited, Unavailable); 0 is "no idea".
	After time.Duration
	// Sent is false when it is certain that no byte of the request left, so a repeat is safe.
	Sent bool
	Err  error
}

// Place is a position in something a person gave us. Line and Column count from 1; 0 means "not known".
type Place struct {
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column string `json:"column,omitempty"`
}

// String returns file:line, column C.
func (p Place) String() string {
	s := p.File
	if p.Line > 0 {
		s += fmt.Sprintf(":%d", p.Line)
	}
	if p.Column != "" {
		if s != "" {
			s += ", "
		}
		s += "column " + p.Column
	}
	return s
}

// New returns an error of kind k. The format follows fmt.Errorf, so %w keeps a cause.
func New(k Kind, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Kind: k, Msg: err.Error(), Err: errors.Unwrap(err)}
}

// At returns an error of kind k about one place of the input.
func At(k Kind, where Place, format string, args ...any) *Error {
	e := New(k, format, args...)
	e.Where = where
	return e
}

// Wrap adds the operation op in front of err and keeps its kind. Wrap(op, nil) is nil.
func Wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Kind: KindOf(err), Op: op, After: AfterOf(err), Sent: SentOf(err), Where: WhereOf(err), Err: err}
}

// Error renders operations and message, without a place when there is none.
func (e *Error) Error() string {
	s := e.Msg
	if s == "" && e.Err != nil {
		s = e.Err.Error()
	} else if w := e.Where.String(); w != "" {
		s = w + ": " + s
	}
	if e.Op != "" {
		return e.Op + ": " + s
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of err: that of the outermost *Error in its chain, Canceled for a context's end, else Internal.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return Canceled
	}
	return Internal
}

// Is reports whether err is of kind k.
func Is(err error, k Kind) bool { return err != nil && KindOf(err) == k }

// AfterOf returns how long err asks to wait; 0 when it does not say.
func AfterOf(err error) time.Duration {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.After
	}
	return 0
}

// SentOf reports whether the request behind err may have left this machine. An unclassified error may have.
func SentOf(err error) bool {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Sent
	}
	return true
}

// WhereOf returns the place of the input that err is about.
func WhereOf(err error) Place {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Where
	}
	return Place{}
}
