package blob

import (
	"errors"
	"fmt"

	"weiche/services/channel"
)

var (
	// ErrNotFound is returned for a file that is not there, or never was. It is a
	// channel.ErrNoFile.
	ErrNotFound = fmt.Errorf("blob: %w", channel.ErrNoFile)
	// ErrGone is returned where the customer whose file it is was erased, or never
	// was. It is an ErrNotFound: nobody is told the difference.
	ErrGone = fmt.Errorf("%w: its customer is gone", ErrNotFound)
	// ErrDamaged is returned by reads of a file that is not as it was written.
	ErrDamaged = errors.New("blob: the file is damaged")
	// ErrTooLarge is returned for a file above the limit.
	ErrTooLarge = errors.New("blob: the file is too large")
	// ErrDigest is returned for a file whose SHA-256 is not the one that was stated.
	ErrDigest = errors.New("blob: the file is not the one that was stated")
	// ErrType is returned for a file of a type that is not taken.
	ErrType = errors.New("blob: files of this type are not taken")
	// ErrEmpty is returned for a file without a byte.
	ErrEmpty = errors.New("blob: the file is empty")
	// ErrPlace is returned by OpenBucket for what names no place.
	ErrPlace = errors.New("blob: neither an absolute path nor s3://bucket")
	// ErrFull is returned while too little is free on the disk for more files.
	ErrFull = errors.New("blob: too little room on the disk")
)
